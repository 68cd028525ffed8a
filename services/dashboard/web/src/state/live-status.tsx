import { useLanguage } from '../language/language'
import { useDashboardState } from './dashboard-state'

/** In the header: is what I see live? */
export function LiveStatus() {
  const { connection, lastContact } = useDashboardState()
  const { words, times } = useLanguage()
  return (
    <span className={`live-status live-status-${connection}`} role="status" data-connection={connection}>
      <span className="live-dot" aria-hidden="true" />
      {connection === 'live' && <span title={words.liveTitle}>{words.live}</span>}
      {connection === 'connecting' && words.connecting}
      {connection === 'lost' && (
        <span>
          {words.reconnecting}
          {lastContact !== null && <span className="live-contact"> {words.lastContact(times.time(lastContact))}</span>}
        </span>
      )}
    </span>
  )
}

/** At the foot of the window, so that nothing moves: what cannot be trusted just now, and nothing when all can. It is always there, so that screen readers notice. */
export function TrustNotices() {
  const { patients, connection, lastContact, store, listFailed, listIsSlow, listedAt } = useDashboardState()
  const { words, times } = useLanguage()
  return (
    <div className="trust" role="status">
      {connection === 'lost' && (
        <p className="notice notice-warning notice-lost">
          {words.connectionLost(lastContact === null ? null : times.time(lastContact))}
        </p>
      )}
      {store === 'unavailable' && <p className="notice notice-info">{words.storeUnavailable}</p>}
      {listFailed && listedAt === null && patients !== null && <p className="notice notice-warning">{words.listOnlyAlerts}</p>}
      {listFailed && listedAt !== null && connection !== 'lost' && (
        <p className="notice notice-warning">{words.listStale(times.time(listedAt))}</p>
      )}
      {listIsSlow && !listFailed && listedAt !== null && connection !== 'lost' && (
        <p className="notice notice-info">{words.listSlow(times.time(listedAt))}</p>
      )}
    </div>
  )
}
