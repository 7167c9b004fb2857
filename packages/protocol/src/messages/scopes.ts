/** What a session key may be allowed to sign: by the declarations of the messages. docs/spec/chain.md section 3. */
import { dealRenewal } from './deal-renewal.ts'
import { dealTerms } from './deal-terms.ts'
import { transactions } from './declarations.ts'
import type { TypedMessage } from './eip712.ts'
import { login } from './login.ts'
import { quote } from './quote.ts'

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

const scopes: ReadonlyMap<string, string> = new Map([
  [login.name, LOGIN_SCOPE],
  ...[dealTerms, dealRenewal, quote].map(({ name }) => [name, TERMS_SCOPE] as const),
])

/** What a key has to be allowed to sign a message. */
export function scopeOf({ name }: Pick<TypedMessage, 'name'>): string {
  return scopes.get(name) ?? name
}

export function isScope(text: string): boolean {
  return (
    text === TERMS_SCOPE ||
    text === LOGIN_SCOPE ||
    messages.some(({ name, scope }) => name === text && scope !== 'owner')
  )
}
