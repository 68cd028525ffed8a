import { useRef, useState } from 'react'
import { actOnMany } from '../api/client'
import type { ActsRequest } from '../api/model'
import { useLanguage } from '../language/language'
import { useSession } from '../session'
import { useDashboardState } from '../state/dashboard-state'
import { againOf, noticesAfter, sendAll, withOutcome, type Notice, type Outcomes } from './batch'
import type { SeenAlert } from './marks'
import { requestOf } from './use-act'

/** An act on many alerts, and what has become of it so far. */
interface Task {
  readonly key: string
  readonly request: ActsRequest
  /** Of each alert its patient. */
  readonly whose: ReadonlyMap<string, string>
  readonly outcomes: Outcomes
  /** The notice of what it takes back. */
  readonly undoes: string | null
}

/** Acknowledges alerts at once, as they were seen, and takes it back. */
export function useAcknowledge() {
  const { acted } = useDashboardState()
  const { checkFailure } = useSession()
  const { words } = useLanguage()
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const [isSending, setIsSending] = useState(false)
  // What is pressed before it is drawn that something is sent is refused as well.
  const isBusy = useRef(false)

  const run = async (task: Task) => {
    if (isBusy.current) return
    isBusy.current = true
    setIsSending(true)
    try {
      const outcomes = await sendAll(againOf(task.request, task.outcomes), {
        post: actOnMany,
        answered: (answers) => {
          for (const { alert, care } of answers) if (care) acted({ alert, patient: task.whose.get(alert) ?? '', care })
        },
        isOver: checkFailure,
      })
      if (outcomes === null) return
      const notice = noticeOf({ ...task, outcomes: new Map([...task.outcomes, ...outcomes]) })
      setNotices((before) => noticesAfter(before, notice, task.undoes))
    } finally {
      isBusy.current = false
      setIsSending(false)
    }
  }

  const noticeOf = (task: Task): Notice => {
    const [recorded, refused, unknown] = (['recorded', 'refused', 'unknown'] as const).map((outcome) => withOutcome(task.outcomes, outcome)) as [readonly string[], readonly string[], readonly string[]]
    const names = (alerts: readonly string[]) => [...new Set(alerts.map((alert) => task.whose.get(alert)))].join(' · ')
    const isUndo = task.undoes !== null
    const text = [
      recorded.length > 0 && (isUndo ? words.acts.takenBack(names(recorded)) : words.acts.acknowledged(names(recorded), recorded.length)),
      refused.length > 0 && words.acts.someFailed(names(refused), refused.length),
      unknown.length > 0 && words.acts.someUnknown(names(unknown), unknown.length),
    ]
    return {
      key: task.key,
      text: text.filter(Boolean).join(' '),
      isFailure: refused.length + unknown.length > 0,
      ...(unknown.length > 0 && { again: () => void run(task) }),
      ...(recorded.length > 0 && !isUndo && { undo: () => takeBack(task, recorded) }),
    }
  }

  const takeBack = ({ key, request, whose }: Task, recorded: readonly string[]) => {
    const id = crypto.randomUUID()
    const back = { id, act: { kind: 'undo', act: request.id } as const, alerts: recorded.map((alert) => ({ alert })) }
    void run({ key: id, request: back, whose, outcomes: new Map(), undoes: key })
  }

  const acknowledge = (alerts: readonly SeenAlert[], name: string) => {
    if (isBusy.current) return
    const id = crypto.randomUUID()
    if (alerts.length === 0) {
      setNotices((before) => noticesAfter(before, { key: id, text: words.acts.nothingTo(name), isFailure: false }))
      return
    }
    const act = { kind: 'acknowledge' } as const
    const request = { id, act, alerts: alerts.map((alert) => ({ alert: alert.id, seen: requestOf(alert, act, id).seen ?? null })) }
    void run({ key: id, request, whose: new Map(alerts.map(({ id: alert, patient }) => [alert, patient])), outcomes: new Map(), undoes: null })
  }

  return {
    acknowledge,
    notices,
    isSending,
    close: (key: string) => setNotices((before) => before.filter((one) => one.key !== key)),
  }
}
