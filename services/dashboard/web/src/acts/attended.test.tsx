import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Alert, Care } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { ActPanel } from './act-panel'
import { CareBadges } from './care-badges'
import { seenOf } from './marks'

vi.mock('../state/dashboard-state', () => ({ useDashboardState: () => ({}) }))
vi.mock('../session', () => ({ useSession: () => ({}) }))

const at = (time: string) => `2026-11-22T${time}:00+09:00`
const ms = (time: string) => Date.parse(at(time))
const SATO = { by: { id: 'dr.sato', name: 'Sato' }, at: at('07:00') }
const care = (of: Partial<Care>): Care => ({ comments: 0, acknowledged: null, assigned: null, snoozed: null, closed: null, came_back_at: null, due_at: null, ...of }) as Care
const alert = (of: Partial<Care>) => ({ id: 'a', patient: 'A/1', severity: 'urgent', status: 'open', text: { en: 'high', ja: '高' }, changed_at: at('06:55'), evidence: [], care: care(of) }) as unknown as Alert

beforeEach(() => vi.stubGlobal('localStorage', { getItem: () => 'en' }))
afterEach(() => vi.unstubAllGlobals())

function shown(one: Alert, now: number) {
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">
        <CareBadges alert={one} now={now} />
        <ActPanel alert={one} now={now} />
      </InZone>
    </LanguageProvider>,
  )
  return {
    isTicked: html.includes('✓'),
    isPutOff: html.includes('Put off until'),
    isOverdue: html.includes('Overdue since'),
    isOffered: html.includes('act-acknowledge'),
    isCounted: seenOf({ patient: 'A/1', open_alerts: [one] }, now).length === 1,
  }
}

test('what was acknowledged, then put off, is overdue when that time is over', () => {
  const acknowledged = alert({ acknowledged: SATO })
  expect(shown(acknowledged, ms('07:30'))).toEqual({ isTicked: true, isPutOff: false, isOverdue: false, isOffered: false, isCounted: false })
  const putOff = alert({ acknowledged: SATO, snoozed: { ...SATO, until: at('09:00') }, due_at: at('09:00') })
  // To acknowledge all alerts of a patient ends nobody's snooze; who means this one can.
  expect(shown(putOff, ms('08:59'))).toEqual({ isTicked: true, isPutOff: true, isOverdue: false, isOffered: true, isCounted: false })
  expect(shown(putOff, ms('09:00'))).toEqual({ isTicked: false, isPutOff: false, isOverdue: true, isOffered: true, isCounted: true })
})

test('an urgent alert that was acknowledged and not closed is overdue after the shift', () => {
  const acknowledged = alert({ acknowledged: SATO, due_at: at('19:00') })
  expect(shown(acknowledged, ms('18:59'))).toEqual({ isTicked: true, isPutOff: false, isOverdue: false, isOffered: false, isCounted: false })
  expect(shown(acknowledged, ms('19:00'))).toEqual({ isTicked: false, isPutOff: false, isOverdue: true, isOffered: true, isCounted: true })
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">
        <CareBadges alert={acknowledged} now={ms('18:59')} />
      </InZone>
    </LanguageProvider>,
  )
  expect(html).toContain('To be closed by 22 Nov, 19:00')
})
