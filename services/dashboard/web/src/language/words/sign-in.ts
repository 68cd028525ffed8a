/** What is said to who signs in or out, and to operators. */
const en = {
  signIn: 'Sign in',
  signOut: 'Sign out',
  user: 'User',
  password: 'Password',
  signingIn: 'Signing in…',
  signInWrong: 'User or password is wrong.',
  signInTooOften: 'Too many attempts. Wait a few minutes, then try again.',
  signInFailed: 'The server could not be reached. Check the network and try again.',
  signInWithoutTls: 'TLS is missing: this page was loaded over plain HTTP, where browsers keep no session and others can read your password. Use the address that begins with https.',
  sessionNotKept: 'The browser did not keep the session. Allow cookies for this address, and use the address that begins with https.',
  signOutFailed: 'You are still signed in: the server could not end the session. Try again before you leave this computer.',
  sessionEnded: 'Your session has ended. Sign in to continue where you were.',
  signedInAs: (name: string) => `Signed in as ${name}`,

  operatorTitle: 'No access to patient data',
  operatorBody: 'Your role is operator. Readings and alerts of patients are shown to their physicians only.',
  operatorWhere: 'What you need to run the platform is here:',
  operatorMetrics: 'Metrics of this service (Prometheus)',
  operatorReady: 'Readiness of this service',
  operatorApi: 'Description of the API (OpenAPI)',
}

type SignInWords = typeof en

const ja: SignInWords = {
  signIn: 'サインイン',
  signOut: 'サインアウト',
  user: 'ユーザー名',
  password: 'パスワード',
  signingIn: 'サインイン中…',
  signInWrong: 'ユーザー名またはパスワードが違います。',
  signInTooOften: '試行回数が多すぎます。数分待ってから、もう一度お試しください。',
  signInFailed: 'サーバーに接続できません。ネットワークを確認して、もう一度お試しください。',
  signInWithoutTls: 'TLS で保護されていません。このページは HTTP で読み込まれたため、ブラウザはセッションを保持せず、パスワードを他人に読まれるおそれがあります。https で始まるアドレスを使ってください。',
  sessionNotKept: 'ブラウザがセッションを保持しませんでした。このアドレスの Cookie を許可し、https で始まるアドレスを使ってください。',
  signOutFailed: 'まだサインイン中です。サーバーがセッションを終了できませんでした。この端末を離れる前に、もう一度お試しください。',
  sessionEnded: 'セッションが終了しました。サインインすると元の画面に戻ります。',
  signedInAs: (name) => `${name} でサインイン中`,

  operatorTitle: '患者データは表示できません',
  operatorBody: '運用担当の権限でサインインしています。患者の測定値とアラートは担当医だけに表示されます。',
  operatorWhere: 'システム運用に必要な情報はこちらです。',
  operatorMetrics: 'このサービスのメトリクス（Prometheus）',
  operatorReady: 'このサービスの稼働状態',
  operatorApi: 'API の定義（OpenAPI）',
}

export const SIGN_IN_WORDS = { en, ja }
