/** What the clients of the chain and of providers say. */

export const passingClientErrors = {
  /** No chain node answers. */
  CHAIN_UNREACHABLE: { fault: 'peer', status: 503, exit: 'network', outage: true, lost: true },
  /** What answered does not speak as a chain node. */
  CHAIN_ANSWER_INVALID: { fault: 'peer', exit: 'network', outage: true, lost: true },
  /** The node has not reached a height that was seen before. */
  CHAIN_BEHIND: { fault: 'peer', status: 503, exit: 'network', outage: true, lost: true },
  /** The node is behind one that answered before. */
  PROOF_STALE: { fault: 'peer' },
  /** What is proven was true, and may not be any more. */
  HEAD_TOO_OLD: { fault: 'peer' },
  /** A header that many validators have signed is ahead of this machine's clock. */
  HEADER_FROM_FUTURE: { fault: 'peer' },
  /** The provider does not answer. */
  PROVIDER_UNREACHABLE: { fault: 'peer', exit: 'network' },
  /** The chain does not know the deal any more. */
  DEAL_FORGOTTEN: { fault: 'peer', exit: 'network' },
  /** Whether a message that an earlier run signed is in a block can not be told yet. */
  MESSAGE_UNDECIDED: { fault: 'nobody', exit: 'network', outage: true },
  /** Another process sends from the same account. */
  SEND_RUNNING: { fault: 'nobody' },
  /** Some copies of what was put are stored, and some are not. */
  PUT_PARTIAL: { fault: 'peer', exit: 'partial' },
  /** Another process puts the same file. */
  PUT_RUNNING: { fault: 'nobody' },
} as const

export const clientErrors = {
  /** The node follows another chain. */
  CHAIN_FOREIGN: { fault: 'peer', status: 503, exit: 'network', outage: true },
  /** The address of a chain node is no URL. */
  CHAIN_URL_INVALID: { fault: 'caller', exit: 'usage' },
  /** Two nodes show different headers of one height. */
  CHAIN_DIVERGES: { fault: 'peer', exit: 'network' },
  /** The header that a node gave is not signed by the chain's validators. */
  HEADER_NOT_SIGNED: { fault: 'peer' },
  /** The header that a node gave names another state. */
  APP_HASH_MISMATCH: { fault: 'peer' },
  /** What a node answered does not follow from its header. */
  PROOF_INVALID: { fault: 'peer' },
  /** Two headers of one height are signed: the chain was rolled back, or has two histories. */
  HEADER_CONFLICT: { fault: 'peer' },
  /** The header that trust begins at is so old that validators do not answer for it any more. */
  TRUST_EXPIRED: { fault: 'caller' },
  /** The chain that a node follows is not the one that is believed at its address. */
  GENESIS_MISMATCH: { fault: 'peer' },
  /** A node lists a deal that the proven state does not have, or has for something else. */
  LISTING_FALSE: { fault: 'peer' },
  /** The record of which chain is believed is damaged. */
  TRUST_INVALID: { fault: 'operator' },
  /** What answered does not speak as a provider. */
  PROVIDER_ANSWER_INVALID: { fault: 'peer', exit: 'network' },
  /** A quote or agreement is not signed by the provider. */
  PROVIDER_SIGNATURE_INVALID: { fault: 'peer', exit: 'network' },
  /** The quote is not for what was asked, or dearer than the provider's ask. */
  QUOTE_MISMATCH: { fault: 'peer', exit: 'network' },
  /** The provider signed other terms than it was sent. */
  TERMS_MISMATCH: { fault: 'peer', exit: 'network' },
  /** The price has risen since it was agreed to. */
  PRICE_CHANGED: { fault: 'peer', exit: 'network' },
  /** No provider takes the deal. */
  NO_PROVIDER: { fault: 'peer', exit: 'network' },
  /** Who holds the wallet has said no. */
  WALLET_REFUSED: { fault: 'caller' },
  /** The wallet shows the page no account. */
  WALLET_LOCKED: { fault: 'caller' },
  /** The wallet is at another account than the page. */
  WALLET_ACCOUNT_CHANGED: { fault: 'caller' },
  /** What is to be signed is of another chain than the one that the account was opened on. */
  WALLET_CHAIN_CHANGED: { fault: 'caller' },
  /** What the wallet answered is no signature of the account's key. */
  WALLET_SIGNATURE_INVALID: { fault: 'peer' },
  /** The wallet answered with an error. */
  WALLET_FAILED: { fault: 'peer' },
  /** The browser makes no keys that can sign for an account. */
  SESSION_KEY_UNSUPPORTED: { fault: 'caller' },
  /** The deal lapsed: its provider did not prove it in time. */
  DEAL_LAPSED: { fault: 'peer', exit: 'network' },
  /** The deal has ended. */
  DEAL_ENDED: { fault: 'peer', exit: 'network' },
  /** No provider gave the content. */
  RETRIEVAL_FAILED: { fault: 'peer', exit: 'network' },
  /** No deal of the chain holds the content. */
  CID_NOT_STORED: { fault: 'caller' },
  /** The place to write to cannot be written. */
  OUT_INVALID: { fault: 'caller' },
  /** An entry of a folder would lie, or lead, outside of where the folder is written. */
  ENTRY_UNSAFE: { fault: 'caller' },
  /** The piece is larger than the provider, or any, takes. */
  PIECE_TOO_LARGE: { fault: 'caller' },
  /** The label of a deal is too long. */
  LABEL_TOO_LONG: { fault: 'caller', exit: 'usage' },
  /** This machine's clock is wrong. */
  CLOCK_WRONG: { fault: 'operator' },
  /** There is no such file. */
  FILE_NOT_FOUND: { fault: 'caller' },
  /** A folder is named where a file has to be. */
  FILE_IS_FOLDER: { fault: 'caller' },
  /** The record of a message that was sent is damaged. */
  OUTBOX_INVALID: { fault: 'operator' },
  /** What is to be stored is no bytes, or has files without a place in it. */
  SOURCE_INVALID: { fault: 'caller' },
  /** An option of a put has a value that it cannot have. */
  PUT_OPTION_INVALID: { fault: 'caller', exit: 'usage' },
  /** The journal of a put is damaged. */
  JOURNAL_INVALID: { fault: 'operator' },
} as const
