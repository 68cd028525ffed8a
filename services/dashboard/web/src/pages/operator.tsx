import { useLanguage } from '../language/language'
import { useNow } from '../state/dashboard-state'
import { PageTitle } from './page-title'
import { SilentGroupsNotice, useSilentGroups } from './silent-groups'

export function OperatorPage() {
  const { words } = useLanguage()
  const now = useNow()
  const { groups } = useSilentGroups()
  return (
    <section className="plain">
      <PageTitle title={words.operatorTitle} />
      <p>{words.operatorBody}</p>
      <SilentGroupsNotice groups={groups} now={now} />
      <p>{words.operatorWhere}</p>
      <ul>
        <li>
          <a href="/metrics">{words.operatorMetrics}</a>
        </li>
        <li>
          <a href="/readyz">{words.operatorReady}</a>
        </li>
        <li>
          <a href="/api/v1/openapi.json">{words.operatorApi}</a>
        </li>
      </ul>
    </section>
  )
}
