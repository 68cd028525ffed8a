import { expect, test } from 'vitest'
import { EventStreamParser } from './event-stream'

const stream = ': hello\n\nevent: snapshot\ndata: {"alerts":[]}\n\n: keep-alive\n\nevent: alert\r\ndata: {"a":\r\ndata: 1}\r\n\r\n'
const expected = [
  { event: 'snapshot', data: '{"alerts":[]}' },
  { event: 'alert', data: '{"a":\n1}' },
]

test('events are the same wherever the bytes are cut', () => {
  for (let size = 1; size <= stream.length; size += 1) {
    const parser = new EventStreamParser()
    const events = []
    for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.slice(at, at + size)))
    expect(events).toEqual(expected)
  }
})

test('an event that is not ended by an empty line is not dispatched', () => {
  expect(new EventStreamParser().push('event: alert\ndata: {}\n')).toEqual([])
})
