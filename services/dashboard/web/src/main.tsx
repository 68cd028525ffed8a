import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { LanguageProvider } from './language/language'
import { Links } from './route'
import { SessionProvider } from './session'
import './styles/tokens.css'
import './styles/base.css'
import './styles/live-list.css'
import './styles/patient.css'
import './styles/trends.css'
import './styles/acts.css'

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <LanguageProvider>
        <SessionProvider>
          <Links>
            <App />
          </Links>
        </SessionProvider>
      </LanguageProvider>
    </StrictMode>,
  )
}
