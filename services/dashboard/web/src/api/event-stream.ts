/** One dispatched event of a text/event-stream. */
export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/**
 * Reads text/event-stream piece by piece, wherever the pieces are cut.
 * Comments (keep-alives) yield nothing; the caller knows of them by the bytes that came.
 */
export class EventStreamParser {
  private rest = ''
  private event = ''
  private data: string[] = []

  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = []
    this.rest += text
    for (;;) {
      const end = this.rest.search(/[\r\n]/)
      if (end < 0) return events
      // A carriage return at the very end may be half of a CRLF: wait for what follows.
      if (this.rest[end] === '\r' && end + 1 === this.rest.length) return events
      const line = this.rest.slice(0, end)
      this.rest = this.rest.slice(end + (this.rest.startsWith('\r\n', end) ? 2 : 1))
      const event = this.line(line)
      if (event) events.push(event)
    }
  }

  private line(line: string): ServerEvent | null {
    if (line === '') {
      const event = { event: this.event || 'message', data: this.data.join('\n') }
      const empty = this.data.length === 0
      this.event = ''
      this.data = []
      return empty ? null : event
    }
    const colon = line.indexOf(':')
    if (colon === 0) return null
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.event = value
    if (field === 'data') this.data.push(value)
    return null
  }
}
