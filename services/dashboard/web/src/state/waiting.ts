/** Readings are on their way to the store for a second or two: longer is worth saying. */
const USUAL_MS = 4_000

/** Whether readings waited unusually long for the store when an answer came that says since when they wait. */
export function isWaiting(since: string | null | undefined, answeredAt: number | null): since is string {
  return since != null && answeredAt !== null && answeredAt - Date.parse(since) > USUAL_MS
}
