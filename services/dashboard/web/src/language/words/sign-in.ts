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
  signInAtProvider: 'Sign in with your organisation’s account',
  signInAtProviderFailed: {
    away: 'Your organisation’s sign-in cannot be reached. Try again in a minute; if it stays so, call your IT support.',
    expired: 'The sign-in took too long or was begun in another window. Sign in again.',
    denied: 'The sign-in was cancelled or refused. Sign in again.',
    refused: 'Your organisation’s sign-in did not let you in. Sign in again; if it stays so, call your IT support.',
    invalid: 'The answer of your organisation’s sign-in is not valid. Call your IT support.',
    clock: 'The clocks of the servers differ. Call your IT support.',
    'not-registered': 'You are not on the list of practitioners. Ask your clinic’s administrator to add you.',
    role: 'Your organisation’s account lacks the role that you have here. Ask your IT support.',
    later: 'The server has just started or cannot record the sign-in. Try again in a minute.',
  },
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
  signInAtProvider: '組織のアカウントでサインイン',
  signInAtProviderFailed: {
    away: '組織のサインイン画面に接続できません。1分ほど待って、もう一度お試しください。続く場合はシステム管理者に連絡してください。',
    expired: 'サインインに時間がかかりすぎたか、別の画面で始められました。もう一度サインインしてください。',
    denied: 'サインインが取り消されたか、許可されませんでした。もう一度サインインしてください。',
    refused: '組織のサインインで許可されませんでした。もう一度お試しください。続く場合はシステム管理者に連絡してください。',
    invalid: '組織のサインインの応答が正しくありません。システム管理者に連絡してください。',
    clock: 'サーバー間の時刻がずれています。システム管理者に連絡してください。',
    'not-registered': '担当者名簿に登録されていません。施設の管理者に登録を依頼してください。',
    role: '組織のアカウントに必要な権限がありません。システム管理者に連絡してください。',
    later: 'サーバーの起動直後か、サインインを記録できません。1分ほど待って、もう一度お試しください。',
  },
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
