/** What a session key may be allowed to sign: by the declarations of the messages. docs/spec/chain.md section 3. */
import { transactions } from './declarations.ts'

/** To sign DealTerms and Quotes for the account's providers. */
export const TERMS_SCOPE = 'terms'

/** To log in to providers for the account. */
export const LOGIN_SCOPE = 'login'

const messages = Object.values(transactions)

/** What a provider's daemon signs unattended. */
export const daemonScopes: readonly string[] = [
  ...messages.filter(({ scope }) => scope === 'daemon').map(({ name }) => name),
  TERMS_SCOPE,
]

export function isScope(text: string): boolean {
  return (
    text === TERMS_SCOPE ||
    text === LOGIN_SCOPE ||
    messages.some(({ name, scope }) => name === text && scope !== 'owner')
  )
}
