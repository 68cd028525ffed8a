import { useLanguage } from '../language/language'

export function LanguageToggle() {
  const { language, words, choose } = useLanguage()
  const other = language === 'ja' ? 'en' : 'ja'
  return (
    <button className="language-toggle" lang={other} aria-label={words.otherLanguageLabel} onClick={() => choose(other)}>
      {words.otherLanguage}
    </button>
  )
}
