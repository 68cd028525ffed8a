import type { Kind, PatientAlerts, PatientReadings, Patients, Session } from './model'

/** An answer other than 2xx. `status` 0: the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

let serverAheadBy = 0

/** Now, by the server's clock: a practice's computer may be minutes off, and 'how long ago' must not be. */
export function serverNow(): number {
  return Date.now() + serverAheadBy
}

/** The Date header has whole seconds, so small differences say nothing. */
export function noteServerDate(header: string | null): void {
  const server = header === null ? Number.NaN : Date.parse(header)
  if (Number.isNaN(server)) return
  const difference = server - Date.now()
  serverAheadBy = Math.abs(difference) > 30_000 ? difference : 0
}

async function request(path: string, init?: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, {
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(30_000),
      ...init,
    })
  } catch (cause) {
    throw new ApiError(0, cause instanceof Error ? cause.message : 'unreachable')
  }
  noteServerDate(response.headers.get('date'))
  if (!response.ok) throw new ApiError(response.status, await detailOf(response))
  return response
}

async function detailOf(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: unknown; title?: unknown }
    return String(problem.detail ?? problem.title ?? response.statusText)
  } catch {
    return response.statusText
  }
}

async function read<T>(path: string): Promise<T> {
  const response = await request(path)
  try {
    return (await response.json()) as T
  } catch {
    throw new ApiError(0, 'the answer was cut short')
  }
}

export async function signIn(user: string, password: string): Promise<Session> {
  const response = await request('/api/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, password }),
  })
  return (await response.json()) as Session
}

export async function signOut(): Promise<void> {
  await request('/api/v1/session', { method: 'DELETE' })
}

export const currentSession = () => read<Session>('/api/v1/session')
export const listPatients = () => read<Patients>('/api/v1/patients')

function patientPath(patient: string): string {
  return '/api/v1/patients/' + patient.split('/').map(encodeURIComponent).join('/')
}

export const listAlertsOf = (patient: string) => read<PatientAlerts>(patientPath(patient) + '/alerts')

export interface ReadingsWanted {
  readonly kind?: Kind
  /** Milliseconds since the epoch; none: from the first reading. */
  readonly from?: number | null
  readonly limit?: number
}

export function listReadings(patient: string, wanted: ReadingsWanted): Promise<PatientReadings> {
  const query = new URLSearchParams()
  if (wanted.kind) query.set('kind', wanted.kind)
  if (wanted.from != null) query.set('from', new Date(wanted.from).toISOString())
  if (wanted.limit) query.set('limit', String(wanted.limit))
  return read<PatientReadings>(`${patientPath(patient)}/readings?${query.toString()}`)
}
