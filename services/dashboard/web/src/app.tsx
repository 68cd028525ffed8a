import { useEffect, useState, type ReactNode } from 'react'
import { AcknowledgingProvider } from './acts/acknowledging'
import { Announcer } from './state/announcer'
import { DashboardStateProvider } from './state/dashboard-state'
import { LiveStatus, TrustNotices } from './state/live-status'
import { ServerState } from './state/server-state'
import { useLanguage } from './language/language'
import { Logo } from './pages/icons'
import { LanguageToggle } from './pages/language-toggle'
import { LiveListPage } from './pages/live-list'
import { OperatorPage } from './pages/operator'
import { PageTitle } from './pages/page-title'
import { PatientPage } from './pages/patient'
import { PlanPage } from './pages/plan'
import { SignInPage } from './pages/sign-in'
import { Link, navigate, returnPath, routeOf, signInPath, usePath, type Route } from './route'
import { useSession } from './session'
import { TrendsPage } from './trends/trends'

export function App() {
  const { session, reload } = useSession()
  const { words } = useLanguage()
  const route = routeOf(usePath())
  const nobody = session === 'nobody'
  const somebody = typeof session === 'object'
  const atSignIn = route.page === 'sign-in'

  useEffect(() => {
    // The path may have changed since this was rendered: who signs out has nothing to come back to.
    if (nobody && routeOf(location.pathname).page !== 'sign-in') navigate(signInPath(location), 'replace')
    if (somebody && atSignIn) navigate(returnPath(location.search), 'replace')
  }, [nobody, somebody, atSignIn])

  if (session === 'unknown') return <p className="muted waiting">{words.loading}</p>
  if (session === 'unreachable') {
    return (
      <p className="notice notice-warning" role="alert">
        {words.signInFailed} <button onClick={reload}>{words.retry}</button>
      </p>
    )
  }
  if (typeof session === 'string') return <SignInPage />

  if (session.role === 'operator') {
    return (
      <ServerState key={session.id}>
        <Frame status={null} nav={null}>
          <OperatorPage />
        </Frame>
      </ServerState>
    )
  }
  return (
    <ServerState key={session.id}>
      <DashboardStateProvider>
        <Announcer />
        <Frame status={<LiveStatus />} nav={<Pages route={route} />}>
          <AcknowledgingProvider>{route.page === 'live-list' && <LiveListPage />}</AcknowledgingProvider>
          {route.page === 'trends' && <TrendsPage />}
          {route.page === 'patient' && <PatientPage key={route.patient} patient={route.patient} />}
          {route.page === 'plan' && <PlanPage key={route.patient} patient={route.patient} />}
          {route.page === 'unknown' && (
            <>
              <PageTitle title={words.notFound} />
              <Link href="/">{words.backToList}</Link>
            </>
          )}
        </Frame>
        <TrustNotices />
      </DashboardStateProvider>
    </ServerState>
  )
}

/** The pages that are about all patients. */
function Pages({ route }: { route: Route }) {
  const { words } = useLanguage()
  const pages = [
    { page: 'live-list', href: '/', name: words.liveList },
    { page: 'trends', href: '/trends', name: words.trends },
  ]
  return (
    <nav className="pages" aria-label={words.pages}>
      {pages.map(({ page, href, name }) => (
        <Link key={page} href={href} aria-current={route.page === page ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  )
}

function Frame({ status, nav, children }: { status: ReactNode; nav: ReactNode; children: ReactNode }) {
  const { words } = useLanguage()
  return (
    <>
      <a className="skip" href="#content">
        {words.skipToContent}
      </a>
      <header className="top">
        <Link className="home" href="/" aria-label={words.appName}>
          <Logo />
          <span className="app-name">{words.appName}</span>
        </Link>
        {nav}
        {status}
        <div className="top-right">
          <LanguageToggle />
          <SignOut />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  )
}

function SignOut() {
  const { session, end } = useSession()
  const { words } = useLanguage()
  const [failed, setFailed] = useState(false)
  if (typeof session !== 'object') return null
  return (
    <>
      <span className="who" title={words.signedInAs(session.user)}>
        {session.name}
      </span>
      <button
        className="sign-out"
        onClick={() => {
          setFailed(false)
          end().catch(() => setFailed(true))
        }}
      >
        {words.signOut}
      </button>
      {failed && (
        <span className="form-failure" role="alert">
          {words.signOutFailed}
        </span>
      )}
    </>
  )
}
