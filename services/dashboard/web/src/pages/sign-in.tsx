import { useEffect, useState, type FormEvent } from 'react'
import { ApiError, currentSession, signIn, signInWay } from '../api/client'
import type { Session, SignInWay } from '../api/model'
import { LanguageToggle } from './language-toggle'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { navigate, returnPath } from '../route'
import { useSession } from '../session'
import { Logo } from './icons'
import { PageTitle } from './page-title'

type Failure = 'wrong' | 'too-often' | 'unreachable' | 'no-tls' | 'not-kept'

function failureOf(error: unknown): Failure {
  const status = error instanceof ApiError ? error.status : 0
  if (status === 429) return 'too-often'
  if (error instanceof ApiError && error.type.endsWith(':tls-missing')) return 'no-tls'
  return status === 401 ? 'wrong' : 'unreachable'
}

/** Signs in, and asks again with the cookie: a browser may have refused to keep it. */
async function signInForGood(user: string, password: string): Promise<Session | 'not-kept'> {
  const session = await signIn(user, password)
  try {
    const kept = await currentSession()
    return kept.id === session.id ? session : 'not-kept'
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return 'not-kept'
    throw error
  }
}

export function SignInPage() {
  const { words } = useLanguage()
  const { ended } = useSession()
  const [by, setBy] = useState<SignInWay['by'] | 'unreachable' | null>(null)
  useEffect(() => {
    let isShown = true
    signInWay().then(
      (way) => isShown && setBy(way.by),
      () => isShown && setBy('unreachable'),
    )
    return () => {
      isShown = false
    }
  }, [])
  const failed = failedAtProvider(location.search, words)
  return (
    <main className="sign-in" id="content">
      <div className="sign-in-head">
        <Logo />
        <span className="app-name">{words.appName}</span>
        <span className="muted">{words.appPurpose}</span>
        <LanguageToggle />
      </div>
      <PageTitle title={words.signIn} />
      {ended && failed === null && <p className="notice notice-info">{words.sessionEnded}</p>}
      {failed !== null && (
        <p className="notice notice-warning" role="alert">
          {failed}
        </p>
      )}
      {by === 'openid_connect' && (
        <a className="primary" href={`/api/v1/session/oidc/start?to=${encodeURIComponent(returnPath(location.search))}`}>
          {words.signInAtProvider}
        </a>
      )}
      {/* Who cannot be asked cannot let anybody in either, and the form says so. */}
      {(by === 'password' || by === 'unreachable') && <PasswordForm />}
    </main>
  )
}

/** Why the OpenID provider's answer let nobody in; null where it was not asked. */
function failedAtProvider(search: string, words: Words): string | null {
  const failed = new URLSearchParams(search).get('failed')
  if (failed === null) return null
  const reasons: Readonly<Record<string, string>> = words.signInAtProviderFailed
  return reasons[failed] ?? words.signInAtProviderFailed.refused
}

function PasswordForm() {
  const { words } = useLanguage()
  const { began } = useSession()
  const [busy, setBusy] = useState(false)
  // Over plain HTTP a browser keeps no session, and others can read the password: it is not even sent.
  const isWithoutTls = !window.isSecureContext
  const [failure, setFailure] = useState<Failure | null>(isWithoutTls ? 'no-tls' : null)

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (isWithoutTls) return
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setFailure(null)
    signInForGood(String(form.get('user')).trim(), String(form.get('password'))).then(
      (session) => {
        if (session === 'not-kept') {
          setBusy(false)
          setFailure('not-kept')
          return
        }
        navigate(returnPath(location.search), 'replace')
        began(session)
      },
      (error: unknown) => {
        setBusy(false)
        setFailure(failureOf(error))
      },
    )
  }

  return (
    <form onSubmit={submit}>
        <label htmlFor="user">{words.user}</label>
        <input id="user" name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
        <label htmlFor="password">{words.password}</label>
        <input id="password" name="password" type="password" autoComplete="current-password" required />
        <p className="form-failure" role="alert">
          {failure === 'wrong' && words.signInWrong}
          {failure === 'too-often' && words.signInTooOften}
          {failure === 'unreachable' && words.signInFailed}
          {failure === 'no-tls' && words.signInWithoutTls}
          {failure === 'not-kept' && words.sessionNotKept}
        </p>
        <button className="primary" type="submit" disabled={busy || isWithoutTls}>
          {busy ? words.signingIn : words.signIn}
        </button>
    </form>
  )
}
