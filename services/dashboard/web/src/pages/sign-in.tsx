import { useState, type FormEvent } from 'react'
import { ApiError, signIn } from '../api/client'
import { LanguageToggle } from './language-toggle'
import { useLanguage } from '../language/language'
import { navigate, returnPath } from '../route'
import { useSession } from '../session'
import { Logo } from './icons'
import { PageTitle } from './page-title'

type Failure = 'wrong' | 'too-often' | 'unreachable'

function failureOf(error: unknown): Failure {
  const status = error instanceof ApiError ? error.status : 0
  if (status === 429) return 'too-often'
  return status === 401 ? 'wrong' : 'unreachable'
}

export function SignInPage() {
  const { words } = useLanguage()
  const { began, ended } = useSession()
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setFailure(null)
    signIn(String(form.get('user')).trim(), String(form.get('password'))).then(
      (session) => {
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
    <main className="sign-in" id="content">
      <div className="sign-in-head">
        <Logo />
        <span className="app-name">{words.appName}</span>
        <span className="muted">{words.appPurpose}</span>
        <LanguageToggle />
      </div>
      <PageTitle title={words.signIn} />
      {ended && failure === null && <p className="notice notice-info">{words.sessionEnded}</p>}
      <form onSubmit={submit}>
        <label htmlFor="user">{words.user}</label>
        <input id="user" name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
        <label htmlFor="password">{words.password}</label>
        <input id="password" name="password" type="password" autoComplete="current-password" required />
        <p className="form-failure" role="alert">
          {failure === 'wrong' && words.signInWrong}
          {failure === 'too-often' && words.signInTooOften}
          {failure === 'unreachable' && words.signInFailed}
        </p>
        <button className="primary" type="submit" disabled={busy}>
          {busy ? words.signingIn : words.signIn}
        </button>
      </form>
    </main>
  )
}
