import type { ActAnswers, ActRequest, ActsRequest, AlertActs, AlertNotifications, AlertCare, BackdatedReadings, Colleagues, FoundPatients, Kind, PatientAlerts, PatientIdentity, PatientPlan, PatientReadings, Patients, PlanContent, PlanPreview, ReadingVersions, Session, SignedOut, SignInWay, SilentGroups, TrendsOfPatients } from './model'

/** An answer other than 2xx. `status` 0: the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** What kind of problem, as a URN; empty where the answer does not say. */
    readonly type = '',
    /** The session that the request belonged to. */
    readonly session: string | null = null,
    /** The whole problem, where the answer holds one. */
    readonly problem: unknown = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** Names the session that a request belongs to, and the one that its answer was given in. */
export const SESSION_HEADER = 'mimamori-session'

let session: string | null = null

/** The session that this page belongs to; null while nobody is signed in. */
export function ownSession(): string | null {
  return session
}

export function belongTo(id: string | null): void {
  session = id
}

/** The page's own session, so that the server refuses what the cookie of another one would be given. */
export function sessionHeaders(own: string | null): Record<string, string> {
  return own === null ? {} : { [SESSION_HEADER]: own }
}

/** Whether an answer was given in another session than the one that was asked for. */
export function isOfAnother(response: Response, own: string | null): boolean {
  const given = response.headers.get(SESSION_HEADER)
  return own !== null && given !== null && given !== own
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
  const own = session
  let response: Response
  try {
    response = await fetch(path, {
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(30_000),
      ...init,
      headers: { ...sessionHeaders(own), ...init?.headers },
    })
  } catch (cause) {
    throw new ApiError(0, cause instanceof Error ? cause.message : 'unreachable', '', own)
  }
  noteServerDate(response.headers.get('date'))
  if (!response.ok) throw await errorOf(response, own)
  if (isOfAnother(response, own)) throw new ApiError(401, 'another session', '', own)
  return response
}

async function errorOf(response: Response, own: string | null): Promise<ApiError> {
  try {
    const problem = (await response.json()) as { type?: unknown; detail?: unknown; title?: unknown }
    const detail = String(problem.detail ?? problem.title ?? response.statusText)
    return new ApiError(response.status, detail, String(problem.type ?? ''), own, problem)
  } catch {
    return new ApiError(response.status, response.statusText, '', own)
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

/** Ends the session. Answers where the person goes on to be signed out of the OpenID provider too; null where nowhere. */
export async function signOut(): Promise<string | null> {
  const response = await request('/api/v1/session', { method: 'DELETE' })
  return response.status === 204 ? null : ((await response.json()) as SignedOut).provider
}

/** How people sign in here. */
export const signInWay = () => read<SignInWay>('/api/v1/session/way')
export const currentSession = () => read<Session>('/api/v1/session')
export const listPatients = () => read<Patients>('/api/v1/patients')
export const readTrends = (query: URLSearchParams) => read<TrendsOfPatients>(`/api/v1/trends?${query}`)
export const listSilentGroups = () => read<SilentGroups>('/api/v1/silent-groups')

function patientPath(patient: string): string {
  return '/api/v1/patients/' + patient.split('/').map(encodeURIComponent).join('/')
}

/** What the API says of a patient below a path. */
export const readOfPatient = <T>(patient: string, what: string) => read<T>(`${patientPath(patient)}/${what}`)

export const listBackdated = (patient: string) => read<BackdatedReadings>(patientPath(patient) + '/readings/backdated')

/** Every version of a patient's reading. */
export const listVersions = (patient: string, reading: string) =>
  read<ReadingVersions>(`${patientPath(patient)}/readings/versions?${new URLSearchParams({ id: reading })}`)

export const listAlertsOf = (patient: string) => read<PatientAlerts>(patientPath(patient) + '/alerts')

export const readPlan = (patient: string) => read<PatientPlan>(patientPath(patient) + '/plan')

/** Sets a patient's plan in the place of a version; 0 where there was none. */
export async function setPlan(patient: string, insteadOf: number, plan: PlanContent): Promise<PatientPlan> {
  const response = await request(patientPath(patient) + '/plan', {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'if-match': `"${insteadOf}"` },
    body: JSON.stringify(plan),
  })
  return (await response.json()) as PatientPlan
}

/** Which alerts the last 30 days would have raised under a plan that is not set, and under the one in force. */
export async function previewPlan(patient: string, plan: PlanContent): Promise<PlanPreview> {
  const response = await request(patientPath(patient) + '/plan/preview', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(plan),
  })
  return (await response.json()) as PlanPreview
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return (await response.json()) as T
}

/** Who of one's patients is looked for. What is looked for travels in the body: addresses are written into logs. */
export const searchPatients = (text: string) => post<FoundPatients>('/api/v1/patients/search', { text })
export const readIdentity = (patient: string) => readOfPatient<PatientIdentity>(patient, 'identity')

const actsPath = (alert: string) => `/api/v1/alerts/${encodeURIComponent(alert)}/acts`

/** Does something about an alert. Sent again with the same id it is the same act. */
export const actOn = (alert: string, act: ActRequest) => post<AlertCare>(actsPath(alert), act)
/** Does the same about many alerts; each has an answer of its own. */
export const actOnMany = (acts: ActsRequest) => post<ActAnswers>('/api/v1/acts', acts)
export const listActs = (alert: string) => read<AlertActs>(actsPath(alert))
/** Who was notified of an alert because nobody saw to it. */
export const listNotifications = (alert: string) => read<AlertNotifications>(`/api/v1/alerts/${encodeURIComponent(alert)}/notifications`)
export const listColleagues = (patient: string) => readOfPatient<Colleagues>(patient, 'colleagues')

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

/** What an answer says beside readings, with none of them: no device measured before 1970. */
export const readLimits = (patient: string) => readOfPatient<PatientReadings>(patient, 'readings?to=1970-01-01T00:00:00Z&limit=1')
