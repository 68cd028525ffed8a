/** Between two questions that changes of readings cause, at least: half of the ten seconds within which a change is shown. */
const LEAST_PAUSE_MS = 3_000
/** Of an answer that may be long, such as a list of thousands. */
const MOST_PAUSE_MS = 60_000
/** Of an answer that is short: with this pause and the wait of `useSlow` what an open page shows is so within ten seconds, or it says as of when. */
const SHORT_PAUSE_MS = 5_000
/** Questions take at most about this part of the time, however long their answers take. */
const SHARE = 10

/** After a failure, or while something is missing, it is asked again by itself. */
export const AGAIN_MS = 10_000

export interface Pace {
  /** Between two questions at most, in milliseconds, however long their answers take; asked after each answer. */
  readonly mostPause?: () => number
  /** Milliseconds of a clock that nobody sets: one that is set back would keep the question waiting. */
  readonly now?: () => number
}

/** Of questions about one patient, and about few. */
export const SHORT_PAUSE: Pace = { mostPause: () => SHORT_PAUSE_MS }

/** More patients than a list is asked for as often as one. */
const FEW = 200

/** Of a list of so many patients, counted after each answer: of values that have no chart a patient's page has the list alone. */
export const paceOfList = (patients: () => number): Pace => ({ mostPause: () => (patients() > FEW ? MOST_PAUSE_MS : SHORT_PAUSE_MS) })

export interface Throttled {
  /** Wants the question asked. */
  ask(): void
  stop(): void
}

/**
 * Asks a question whenever it is wanted: at once after a pause, otherwise when the pause is over, and once for
 * all who want it meanwhile. One answer is waited for at a time, so none overtakes another.
 */
export function throttled(question: () => Promise<unknown>, { mostPause = () => MOST_PAUSE_MS, now = () => performance.now() }: Pace = {}): Throttled {
  let wanted = false
  let asking = false
  let stopped = false
  let earliest = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined

  const go = () => {
    if (!wanted || asking || stopped) return
    clearTimeout(timer)
    const wait = earliest - now()
    if (wait > 0) {
      timer = setTimeout(go, wait)
      return
    }
    wanted = false
    asking = true
    const began = now()
    const answered = () => {
      asking = false
      earliest = began + Math.min(mostPause(), Math.max(LEAST_PAUSE_MS, (now() - began) * SHARE))
      go()
    }
    question().then(answered, answered)
  }

  return {
    ask() {
      wanted = true
      go()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
