import { useLanguage } from '../language/language'
import { PageTitle } from './page-title'
import { SilentGroups } from './silent-groups'

export function OperatorPage() {
  const { words } = useLanguage()
  return (
    <section className="plain">
      <PageTitle title={words.operatorTitle} />
      <p>{words.operatorBody}</p>
      <SilentGroups />
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
