import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { SilentGroup } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { SilentGroupsNotice } from './silent-groups'

const NOW = Date.parse('2026-11-22T09:00:00+09:00')

afterEach(() => {
  vi.unstubAllGlobals()
})

function noticeOf(language: 'ja' | 'en', groups: readonly SilentGroup[], now = NOW): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">
        <SilentGroupsNotice groups={groups} now={now} />
      </InZone>
    </LanguageProvider>,
  )
  // The offset is named where whoever looks is elsewhere.
  return html.replaceAll(' UTC+9', '')
}

const group = (name: string, counted_at: string): SilentGroup => ({
  group: 'vendor', name, model: null, patients: 38, members: 40, since: '2026-11-21T15:00:00Z', counted_at,
})

test('the place where silent groups are reported is there before there are any', () => {
  expect(noticeOf('en', [])).toContain('<div role="status"></div>')
  expect(noticeOf('en', [])).not.toContain('notice')
  expect(noticeOf('en', [group('OMRON', '2026-11-21T23:30:00Z')])).toMatch(/<div role="status"><ul><li>Readings from the vendor OMRON do not come/)
})

test('as of when groups are silent is said in both languages, by the oldest count, outside of what is read aloud', () => {
  const groups = [group('OMRON', '2026-11-21T23:30:00Z'), group('A&D', '2026-11-21T22:30:00Z')]
  expect(noticeOf('en', groups)).toContain('</div><p>As of 22 Nov, 07:30.</p></div>')
  expect(noticeOf('ja', groups)).toContain('</div><p>11/22 07:30 時点の状況です。</p></div>')
})

test('of a group that was not counted for more than three hours it is said that nothing is known since', () => {
  const groups = [group('OMRON', '2026-11-21T21:00:00Z'), group('A&D', '2026-11-21T23:30:00Z')]
  expect(noticeOf('en', groups)).not.toContain('not known')
  const later = NOW + 1
  expect(noticeOf('en', groups, later)).toMatch(/OMRON.*counted last at 22 Nov, 06:00: since then it is not known whether this is still so\.<\/li><li>.*As of 22 Nov, 08:30\./)
  expect(noticeOf('ja', groups, later)).toContain('最後の集計は 11/22 06:00 です。それ以降の状況は確認できていません。')
  expect(noticeOf('en', groups.slice(0, 1), later)).not.toContain('As of')
})
