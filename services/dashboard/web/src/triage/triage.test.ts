import { describe, expect, test } from 'vitest'
import type { Alert, PatientSummary, Reading } from '../api/model'
import { compareAlerts, dueSeverity, isHeldBack, isNews, nextDue, openAlertsOf, withTransition } from './alerts'
import { comparePatients, partsOf, possibleAges, triageOf, withLiveAlerts, withNewest } from './patients'

function alert(of: Partial<Alert>): Alert {
  return {
    id: 'a1', patient: 'BRW001/P1', rule: 'bp.severe_high', stage: 'confirmed', severity: 'urgent', status: 'open',
    transition: 'raised', late: false, raised_at: '2026-11-22T07:31:00+09:00', news_at: '2026-11-22T07:31:00+09:00', changed_at: '2026-11-22T07:31:00+09:00',
    first_observed_at: '2026-11-22T07:29:00+09:00', last_observed_at: '2026-11-22T07:31:00+09:00',
    text: { ja: '', en: '' }, evidence: [], findings: {}, parameters: [], rule_set: '2026-11', plan_version: 0, ...of,
  }
}

function patient(name: string, of: Partial<PatientSummary> = {}): PatientSummary {
  return {
    patient: name, name: null, birth_year: 1957, sex: 'female', severity: null, open_alerts: [], time_zone: 'Asia/Tokyo',
    last_reading_at: '2026-11-22T07:00:00+09:00', latest: [], ...of,
  }
}

const names = (patients: readonly PatientSummary[]) => patients.map((one) => one.patient)

describe('patients', () => {
  test('come worst first, then longest silent first, and never heard of before all of these', () => {
    const list = [
      patient('quiet', { last_reading_at: '2026-11-20T07:00:00+09:00' }),
      patient('technical', { severity: 'technical' }),
      patient('never', { last_reading_at: null }),
      patient('urgent', { severity: 'urgent' }),
      patient('recent', { last_reading_at: '2026-11-22T09:00:00+09:00' }),
      patient('review', { severity: 'review' }),
    ]
    expect(names([...list].sort(comparePatients))).toEqual(['urgent', 'review', 'technical', 'never', 'quiet', 'recent'])
  })

  test('are compared by instant, not by the letters of their times', () => {
    const earlier = patient('earlier', { last_reading_at: '2026-11-22T09:30:00+09:00' })
    const later = patient('later', { last_reading_at: '2026-11-22T01:00:00Z' })
    expect(names([later, earlier].sort(comparePatients))).toEqual(['earlier', 'later'])
  })

  test('keep their own alerts until the first snapshot', () => {
    const list = [patient('a'), patient('b', { severity: 'review', open_alerts: [alert({ patient: 'b' })] })]
    expect(names(withLiveAlerts(list, null))).toEqual(['b', 'a'])
  })

  test('take over live alerts, lose those that are no longer open, and keep unchanged objects', () => {
    const same = alert({ id: 'same', patient: 'b', severity: 'review' })
    const a = patient('a')
    const b = patient('b', { severity: 'review', open_alerts: [same] })
    const c = patient('c', { severity: 'urgent', open_alerts: [alert({ id: 'gone', patient: 'c' })] })
    const merged = withLiveAlerts([a, b, c], openAlertsOf([same, alert({ id: 'new', patient: 'a' })]))
    expect(names(merged)).toEqual(['a', 'b', 'c'])
    expect(merged[0]?.severity).toBe('urgent')
    expect(merged[1]).toBe(b)
    expect(merged[2]?.severity).toBeNull()
  })

  test('have of one transition the copy of the list, which follows a changed plan, also beside an alert that is new', () => {
    const live = alert({ id: 'held', patient: 'a', severity: 'review', page_after: '2026-11-23T07:00:00+09:00' })
    const listed = { ...live, page_after: null }
    const [merged] = withLiveAlerts([patient('a', { severity: 'review', open_alerts: [listed] })], openAlertsOf([live, alert({ id: 'new', patient: 'a' })]))
    expect(merged?.open_alerts.map(({ id, page_after }) => [id, page_after])).toEqual([['new', undefined], ['held', null]])
    const changed = { ...live, changed_at: '2026-11-22T08:00:00+09:00' }
    expect(withLiveAlerts([patient('a', { severity: 'review', open_alerts: [listed] })], openAlertsOf([changed]))[0]?.open_alerts).toEqual([changed])
  })

  test('were last heard of when the newest reading behind an alert was taken, even before the list knows', () => {
    const observed_at = '2026-11-22T07:31:00+09:00'
    const evidence = [{ reading: 'r1', kind: 'blood_pressure' as const, observed_at, values: { systolic: 192, diastolic: 114 } }]
    const merged = withLiveAlerts([patient('a')], openAlertsOf([alert({ patient: 'a', evidence })]))
    expect(merged[0]?.last_reading_at).toBe(observed_at)
    const known = patient('a', { last_reading_at: '2026-11-22T09:00:00+09:00' })
    expect(withLiveAlerts([known], openAlertsOf([alert({ patient: 'a', evidence })]))[0]?.last_reading_at).toBe(known.last_reading_at)
    // By a clock that is ahead: when the alert was reported it had come.
    const ahead = alert({ patient: 'a', evidence: evidence.map((one) => ({ ...one, observed_at: '2026-11-22T09:55:00+09:00' })), changed_at: '2026-11-22T09:01:00+09:00' })
    expect(withLiveAlerts([known], openAlertsOf([ahead]))[0]?.last_reading_at).toBe('2026-11-22T09:01:00+09:00')
  })

  test('appear for an alert although the list does not name them yet', () => {
    expect(names(withLiveAlerts([], openAlertsOf([alert({ patient: 'new/P9' })])))).toEqual(['new/P9'])
  })

  test('have two possible ages when only the year of birth is known', () => {
    expect(possibleAges(1957, 2026)).toEqual([68, 69])
    expect(possibleAges(2026, 2026)).toEqual([0, 0])
    expect(partsOf('CGM005/S001')).toEqual(['CGM005', 'S001'])
  })
})

describe('quiet hours', () => {
  const morning = '2026-11-23T07:00:00+09:00'
  const [night, due] = [Date.parse('2026-11-23T02:00:00+09:00'), Date.parse(morning)]
  const review = alert({ id: 'review', severity: 'review', page_after: morning })
  const urgent = alert({ id: 'urgent' })

  test('hold an alert back until they end, and none that says no time', () => {
    expect([isHeldBack(review, night), isHeldBack(review, due), isHeldBack(urgent, night)]).toEqual([true, false, false])
    expect(dueSeverity([review, urgent], night)).toBe('urgent')
    expect([dueSeverity([review], night), dueSeverity([review], due), dueSeverity([], due)]).toEqual([null, 'review', null])
  })

  test('end with what is to be reported first', () => {
    const later = alert({ id: 'later', severity: 'review', page_after: '2026-11-23T08:00:00+09:00' })
    expect(nextDue([later, review, urgent], night)).toBe(due)
    expect(nextDue([later, review, urgent], due)).toBe(Date.parse('2026-11-23T08:00:00+09:00'))
    expect(nextDue([urgent], night)).toBeNull()
  })

  test('put who has nothing to do now after those who have, and not among those without an alert', () => {
    const list = [
      patient('held and technical', { severity: 'review', open_alerts: [review, alert({ severity: 'technical' })] }),
      patient('held', { severity: 'review', open_alerts: [review] }),
      patient('review', { severity: 'review', open_alerts: [alert({ severity: 'review' })] }),
      patient('none'),
    ]
    const of = (now: number) => {
      const { attention, later, others } = triageOf(list, now)
      return [names(attention), names(later), names(others)]
    }
    expect(of(night)).toEqual([['review', 'held and technical'], ['held'], ['none']])
    expect(of(due)).toEqual([['held and technical', 'held', 'review'], [], ['none']])
  })

  test('put whom nobody sees to above who is seen to, the one who has waited longest first', () => {
    const urgentSince = (time: string, care: Alert['care'] = null) => {
      const one = alert({ severity: 'urgent', changed_at: time, news_at: time, care })
      return { severity: 'urgent' as const, open_alerts: [one], last_reading_at: time }
    }
    const seen = { acknowledged: { by: 'dr.ito', at: '2026-11-20T09:00:00Z' }, due_at: null } as unknown as Alert['care']
    const list = [
      patient('acknowledged days ago', urgentSince('2026-11-20T08:00:00Z', seen)),
      patient('new', urgentSince('2026-11-22T08:00:00Z')),
      patient('waits', urgentSince('2026-11-22T07:00:00Z')),
      patient('review', { severity: 'review', open_alerts: [alert({ severity: 'review', changed_at: '2026-11-01T00:00:00Z' })] }),
    ]
    expect(names(triageOf(list, due).attention)).toEqual(['waits', 'new', 'acknowledged days ago', 'review'])
  })
})

describe('the newest values of a page with charts', () => {
  const reading = (id: string, observed_at: string, of: Partial<Reading> = {}) => ({ id, kind: 'blood_pressure', observed_at, received_at: observed_at, values: {}, ...of }) as Reading
  const from = Date.parse('2026-11-01T00:00:00+09:00')
  const newest = (listed: Reading[], shown: Reading[]) => {
    const { latest, last_reading_at } = withNewest(patient('a', { latest: listed }), { from, readings: shown }, ['blood_pressure', 'weighing_scale'])
    return [latest.map(({ id }) => id).sort(), last_reading_at]
  }

  test('are those of the charts: a withdrawn value is gone, a corrected one is the corrected one', () => {
    const withdrawn = reading('withdrawn', '2026-11-22T07:31:00+09:00')
    const left = reading('left', '2026-11-21T07:31:00+09:00')
    expect(newest([withdrawn], [left])).toEqual([['left'], left.observed_at])
    expect(newest([withdrawn], [])).toEqual([[], null])
    expect(newest([left], [left, withdrawn])).toEqual([['withdrawn'], withdrawn.observed_at])
  })

  test('are those of the list for what no chart shows: other kinds, and what is older than the period', () => {
    const steps = reading('steps', '2026-11-22T09:00:00+09:00', { kind: 'activity' })
    const old = reading('old', '2026-09-01T07:00:00+09:00', { kind: 'weighing_scale' })
    const shown = reading('shown', '2026-11-20T07:00:00+09:00')
    expect(newest([steps, old], [shown])).toEqual([['old', 'shown', 'steps'], steps.observed_at])
  })

  test('are not hidden by a clock that is ahead, nor by one that was not set, nor named by a copy', () => {
    const ahead = reading('ahead', '2026-11-22T10:55:00+09:00', { observed_ahead: true, received_at: '2026-11-22T10:00:00+09:00' })
    const low = reading('low', '2026-11-22T10:05:00+09:00')
    expect(newest([ahead], [low, ahead])[0]).toEqual(['low'])
    expect(newest([], [ahead])).toEqual([['ahead'], ahead.received_at])
    const unset = reading('unset', '2021-01-01T00:03:00+09:00', { time_unknown: true, received_at: '2026-11-22T12:00:00+09:00' })
    expect(newest([], [unset, low])[0]).toEqual(['low'])
    expect(newest([], [low, reading('copy', '2026-11-22T10:06:00+09:00', { copy_of: 'low' })])[0]).toEqual(['low'])
  })
})

describe('open alerts', () => {
  const open = openAlertsOf([alert({}), alert({ id: 'closed', status: 'resolved' })])

  test('hold only what is open in a snapshot', () => {
    expect([...open.keys()]).toEqual(['a1'])
  })

  test('follow transitions: escalated replaces, resolved and retracted remove', () => {
    const later = '2026-11-22T07:40:00+09:00'
    const escalated = withTransition(open, alert({ transition: 'escalated', changed_at: later }))
    expect(escalated.get('a1')?.transition).toBe('escalated')
    expect(withTransition(escalated, alert({ status: 'resolved', transition: 'resolved', changed_at: later })).size).toBe(0)
    expect(withTransition(escalated, alert({ status: 'retracted', transition: 'retracted', changed_at: later })).size).toBe(0)
  })

  test('are not set back by an event older than what is known', () => {
    expect(withTransition(open, alert({ changed_at: '2026-11-22T07:00:00+09:00', status: 'resolved' }))).toBe(open)
  })

  test('stay the same object when something unknown is resolved', () => {
    expect(withTransition(open, alert({ id: 'other', status: 'resolved' }))).toBe(open)
  })

  test('come by severity, then the latest change first', () => {
    const list = [
      alert({ id: 'r', severity: 'review', changed_at: '2026-11-22T09:00:00+09:00' }),
      alert({ id: 'u-old' }),
      alert({ id: 'u-new', changed_at: '2026-11-22T08:00:00+09:00' }),
    ]
    expect(list.sort(compareAlerts).map((one) => one.id)).toEqual(['u-new', 'u-old', 'r'])
  })

  test('are news when raised or escalated, not when eased', () => {
    expect(isNews(alert({}))).toBe(true)
    expect(isNews(alert({ transition: 'escalated' }))).toBe(true)
    expect(isNews(alert({ transition: 'eased' }))).toBe(false)
    expect(isNews(alert({ status: 'retracted', transition: 'retracted' }))).toBe(false)
  })
})
