import { expect, test } from 'vitest'
import { NO_NAME_SEEN, withSeen } from './contacts'

const NAME = { name: '見本 花子', kana: null, birth_date: null, chart_number: null }

test('what is known of a patient is dropped when the list says another name, or none any more', () => {
  const first = withSeen(withSeen(NO_NAME_SEEN, undefined), NAME)
  expect(first.changes).toBe(0)
  const same = withSeen(first, { ...NAME })
  expect(same.changes).toBe(0)
  const other = withSeen(same, { ...NAME, name: '架空 花子' })
  expect(other.changes).toBe(1)
  expect(withSeen(other, undefined)).toBe(other)
  expect(withSeen(other, null).changes).toBe(2)
  expect(withSeen(withSeen(NO_NAME_SEEN, null), NAME).changes).toBe(1)
})
