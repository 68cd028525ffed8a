/**
 * Asks a question at once and, so many milliseconds after each answer as the question says, again. One answer is
 * waited for at a time. While nobody sees the page nothing is asked, because each question is recorded as an
 * access: what is due then is asked when the page is seen again.
 */
export function whileSeen(question: () => Promise<number>): { stop(): void } {
  let due = true
  let stopped = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const go = () => {
    if (!due || stopped || document.hidden) return
    due = false
    void question().then((pause) => {
      if (stopped) return
      timer = setTimeout(() => {
        due = true
        go()
      }, pause)
    })
  }

  document.addEventListener('visibilitychange', go)
  go()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', go)
    },
  }
}
