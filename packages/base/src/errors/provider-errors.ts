/** What a provider says to its clients, and to its owner. */

/** In answers, by docs/spec/market-protocol.md. */
export const passingMarketErrors = {
  /** The provider is starting. */
  STARTING: { fault: 'nobody', status: 503 },
  /** The provider has no ask at present. */
  NO_ASK: { fault: 'operator' },
  /** The provider takes no new deals, for a while or because it leaves. */
  DEALS_NOT_TAKEN: { fault: 'operator', status: 503, exit: 'network' },
  /** As many quotes are open as the provider keeps. */
  QUOTES_FULL: { fault: 'nobody', status: 507 },
  /** As much is promised to deals that are not published as the provider promises. */
  OFFERS_FULL: { fault: 'nobody', status: 507, exit: 'network' },
  /** The provider has no room for the piece. */
  NO_SPACE: { fault: 'operator', status: 507, exit: 'network' },
  /** The provider has too little free collateral for the deal. */
  COLLATERAL_SHORT: { fault: 'operator', status: 507, exit: 'network' },
  /** The provider has too little money for the fees of its messages. */
  FEES_SHORT: { fault: 'operator', status: 507 },
  /** The upload is being written or read by another request. */
  UPLOAD_BUSY: { fault: 'nobody', status: 423 },
  /** The upload does not go on where it stands. */
  UPLOAD_OFFSET_CONFLICT: { fault: 'caller', status: 409 },
  /** The bytes of an upload do not have the checksum that was sent with them. */
  UPLOAD_CHECKSUM_MISMATCH: { fault: 'nobody', status: 460 },
  /** The address has as many quotes open, or the client as many uploads without a deal, as it may. */
  QUOTA_EXCEEDED: { fault: 'caller', status: 429, exit: 'network' },
  /** As many downloads run as the provider serves. */
  DOWNLOADS_FULL: { fault: 'nobody', status: 503 },
  /** The file of a piece cannot be read. */
  PIECE_UNREADABLE: { fault: 'operator', status: 503 },
  /** The file of a piece is made again from its sealed copy. */
  PIECE_UNSEALING: { fault: 'nobody', status: 202 },
  /** Where the blocks of a piece lie is being read. */
  PIECE_INDEXING: { fault: 'nobody', status: 202 },
  /** The thread that reads content has ended. */
  READER_LOST: { fault: 'program', status: 503 },
} as const

/** In answers, by docs/spec/market-protocol.md. */
export const marketErrors = {
  /** There is no such route. */
  ROUTE_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The body of a request is too large. */
  REQUEST_TOO_LARGE: { fault: 'caller', status: 413 },
  /** The request carries no token. */
  TOKEN_MISSING: { fault: 'caller', status: 401 },
  /** The token is none of this provider's. */
  TOKEN_INVALID: { fault: 'caller', status: 401 },
  /** The token was valid until a time that has passed. */
  TOKEN_EXPIRED: { fault: 'caller', status: 401 },
  /** The signature of the login is not the client's. */
  LOGIN_REFUSED: { fault: 'caller', status: 401, exit: 'funds' },
  /** The clocks of client and provider are too far apart. */
  CLOCKS_APART: { fault: 'caller', status: 401 },
  /** The provider's ask was valid until an epoch that has passed. */
  ASK_EXPIRED: { fault: 'operator' },
  /** The piece is smaller than the provider takes. */
  PIECE_TOO_SMALL: { fault: 'caller' },
  /** The deal is shorter than the provider takes. */
  DURATION_TOO_SHORT: { fault: 'caller' },
  /** The deal is longer than the provider takes. */
  DURATION_TOO_LONG: { fault: 'caller' },
  /** More collateral is asked for than the provider puts up. */
  COLLATERAL_TOO_HIGH: { fault: 'caller' },
  /** The terms name another client than the token. */
  TERMS_CLIENT_MISMATCH: { fault: 'caller' },
  /** The terms name another provider. */
  TERMS_PROVIDER_MISMATCH: { fault: 'caller' },
  /** The terms are not those of an open quote. */
  TERMS_NOT_QUOTED: { fault: 'caller' },
  /** The terms were valid until an epoch that has passed. */
  TERMS_EXPIRED: { fault: 'caller' },
  /** The terms may be published later than the provider holds itself to them. */
  TERMS_VALID_TOO_LONG: { fault: 'caller' },
  /** The terms may be extended for longer than the provider takes deals. */
  TERMS_EXTENSION_TOO_LONG: { fault: 'caller' },
  /** The deal pays less than the provider asks by now. */
  RENEWAL_PRICE_LOW: { fault: 'peer' },
  /** Other terms with the same nonce were signed already. */
  NONCE_CONFLICT: { fault: 'caller', status: 409 },
  /** The provider's owner makes no deals with that account. */
  CLIENT_REFUSED: { fault: 'caller', status: 403, exit: 'network' },
  /** The client's account has less than the deal costs. */
  CLIENT_FUNDS_INSUFFICIENT: { fault: 'caller', status: 402, exit: 'funds' },
  /** The bytes are not the piece of the terms. */
  PIECE_MISMATCH: { fault: 'caller', status: 422 },
  /** There is no such upload, or not any more. */
  UPLOAD_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The upload is not complete. */
  UPLOAD_INCOMPLETE: { fault: 'caller', status: 409 },
  /** The metadata of an upload does not have the documented form. */
  UPLOAD_METADATA_INVALID: { fault: 'caller', status: 400 },
  /** The upload is longer than its piece. */
  UPLOAD_TOO_LARGE: { fault: 'caller', status: 413 },
  /** The upload is not as tus has it. */
  UPLOAD_REFUSED: { fault: 'caller' },
  /** The format is none that content can be had in. */
  FORMAT_UNSUPPORTED: { fault: 'caller', status: 406 },
  /** The content is not here, and was asked for only if it is. */
  NOT_CACHED: { fault: 'caller', status: 412 },
  /** Content is only read: it is not sent to, changed or removed where it is served. */
  METHOD_NOT_ALLOWED: { fault: 'caller', status: 405 },
  /** The content is not the one that was named in If-Match. */
  PRECONDITION_FAILED: { fault: 'caller', status: 412 },
  /** The range lies outside of the content. */
  RANGE_INVALID: { fault: 'caller', status: 416 },
  /** The text is no CID that providers could be found for. */
  ROUTING_CID_INVALID: { fault: 'caller', status: 422 },
  /** The text is no peer id. */
  ROUTING_PEER_INVALID: { fault: 'caller', status: 422 },
  /** The content is not served here, by a rule of a list that the provider follows. */
  CONTENT_DENIED: { fault: 'caller', status: 410 },
  /** The content is not served here, for a legal reason. */
  CONTENT_UNLAWFUL: { fault: 'caller', status: 451 },
  /** A file of rules of what is not to be served cannot be read. */
  DENYLIST_UNREADABLE: { fault: 'operator' },
  /** Lines of such a file are no rules that the provider can follow. */
  DENYLIST_RULES_SKIPPED: { fault: 'operator' },
  /** The provider does not have the piece. */
  PIECE_NOT_FOUND: { fault: 'caller', status: 404 },
  /** A block on the provider's disk is not what its CID says. */
  BLOCK_CORRUPT: { fault: 'operator', status: 500 },
  /** To find the answer in the DAG takes longer than the provider walks. */
  WALK_TOO_LONG: { fault: 'caller', status: 504 },
} as const

/** In its log, in the reasons of its sectors, and where it ends with one. */
export const passingProviderErrors = {
  /** The disk does not take writes. */
  DISK_FAILED: { fault: 'operator', outage: true },
  /** Its owner has given a sector up before it was proven. */
  SECTOR_ABANDONED: { fault: 'operator' },
  /** The chain does not know a sector of the store. */
  SECTOR_UNKNOWN: { fault: 'operator' },
  /** Sealed again, a sector has another CommR. */
  SEALED_OTHERWISE: { fault: 'operator' },
  /** Its own verifier refuses a proof before it is sent. */
  PROOF_REFUSED: { fault: 'operator' },
  /** The piece is in no sealed sector that could give it back. */
  PIECE_NOT_SEALED: { fault: 'nobody' },
  /** The file of a piece is not what it was. */
  PIECE_DAMAGED: { fault: 'operator' },
  /** Sectors that are challenged are damaged. */
  SECTORS_DAMAGED: { fault: 'operator' },
  /** A thread that answers challenges died. */
  PROVER_THREAD_LOST: { fault: 'program' },
  /** Redis does not answer. */
  QUEUE_REDIS_UNREACHABLE: { fault: 'peer' },
  /** The thread of a job died. */
  JOB_CRASHED: { fault: 'program' },
  /** The job was cancelled. */
  JOB_CANCELLED: { fault: 'nobody' },
  /** A job failed without a code of its own. */
  JOB_FAILED: { fault: 'program' },
  /** A worker does not see the folders of its provider. */
  SHARED_FOLDER_MISSING: { fault: 'operator', outage: true },
} as const

/** In its log, in the reasons of its sectors, and where it ends with one. */
export const providerErrors = {
  /** Only the owner may sign this, and its key is not in the home. */
  OWNER_KEY_AWAY: { fault: 'operator', exit: 'funds' },
  /** The file that says what the chain is to say of a provider is missing, or none. */
  REGISTRATION_INVALID: { fault: 'operator' },
  /** A command is for the running provider of a home, and none runs there. */
  PROVIDER_NOT_RUNNING: { fault: 'operator', exit: 'network' },
  /** A folder is not made a volume of, or a volume not let go. */
  VOLUME_REFUSED: { fault: 'operator' },
  /** The volume belongs to another home of the same owner, whose data lies on it. */
  VOLUME_FOREIGN: { fault: 'operator' },
  /** The configuration names no such volume. */
  VOLUME_UNKNOWN: { fault: 'operator' },
  /** A backup, or what is restored from one, would overwrite what is there. */
  BACKUP_REFUSED: { fault: 'operator' },
  /** The folder is not a whole backup of a provider. */
  BACKUP_INVALID: { fault: 'operator' },
  /** The provider's config.json does not have the documented form. */
  CONFIG_INVALID: { fault: 'operator' },
  /** The provider's config.json seals later than deals of this chain may wait. */
  SEAL_AFTER_TOO_LONG: { fault: 'operator' },
  /** No address is known under which clients could reach the provider. */
  NO_PUBLIC_ADDRESS: { fault: 'operator' },
  /** The home belongs to a provider of another chain. */
  CHAIN_MISMATCH: { fault: 'operator' },
  /** The provider is not registered on the chain. */
  PROVIDER_NOT_REGISTERED: { fault: 'operator' },
  /** The chain was rolled back, and does not know any more what was on it. */
  CHAIN_ROLLED_BACK: { fault: 'peer' },
  /** The store is of a version that this release does not know. */
  STORE_VERSION: { fault: 'operator' },
  /** The store is missing or not the newest of its home: the records and folders beside it show more than it holds. */
  STORE_LOST: { fault: 'operator' },
  /** The record of what the home is cannot be read. */
  HOME_RECORD_INVALID: { fault: 'operator' },
  /** There is no such sector in the store. */
  SECTOR_MISSING: { fault: 'operator' },
  /** The sector is not in a state for this. */
  SECTOR_STATE: { fault: 'program' },
  /** The proof of a sector is not in its folder. */
  PROOF_FILE_LOST: { fault: 'operator' },
  /** The pre-commit of a sector is not on the chain, though it was taken. */
  PRECOMMIT_LOST: { fault: 'peer' },
  /** A sector was not proven before its window closed. */
  COMMIT_WINDOW_MISSED: { fault: 'operator' },
  /** A deal is not open for a sector any more. */
  DEAL_NOT_AVAILABLE: { fault: 'peer' },
  /** The ticket of a sector is too old. */
  TICKET_EXPIRED: { fault: 'nobody' },
  /** Bitswap is asked for, and its packages are not installed. */
  BITSWAP_NOT_INSTALLED: { fault: 'operator' },
  /** The key of the libp2p peer cannot be read. */
  PEER_KEY_INVALID: { fault: 'operator' },
  /** A worker is of another version than the provider that it would seal for. */
  WORKER_REFUSED: { fault: 'operator' },
  /** There is no such kind of job. */
  JOB_KIND_UNKNOWN: { fault: 'program' },
  /** The name of a job has signs that it may not have. */
  JOB_ID_INVALID: { fault: 'program' },
} as const

/** Its alerts, and lines of its log: nothing is thrown. */
export const passingAlertErrors = {
  /** The chain makes no blocks. */
  CHAIN_STOPPED: { fault: 'peer' },
  /** The queue of jobs does not open; it is tried again. */
  QUEUE_UNAVAILABLE: { fault: 'peer' },
  /** Sealing is left to other machines, and no worker of one is at the queue. */
  WORKERS_MISSING: { fault: 'operator' },
  /** The configuration has no volume for sealing, for replicas or for unsealed pieces: no deal is taken. */
  VOLUMES_MISSING: { fault: 'operator' },
  /** Sealing failed for a reason without a code; it is tried again. */
  SEALING_FAILED: { fault: 'program' },
  /** A challenge could not be answered, for a reason without a code; it is tried again. */
  POST_FAILED: { fault: 'program' },
  /** What is done around proofs failed, for a reason without a code; it is tried again. */
  PROVING_FAILED: { fault: 'program' },
} as const

/** Its alerts, and lines of its log: nothing is thrown. */
export const alertErrors = {
  /** A partition was not proven for longer than two periods. */
  PROOF_LATE: { fault: 'operator' },
  /** The key that the daemon signs with may not, or not for much longer or for much more. */
  SESSION_KEY_ENDS: { fault: 'operator' },
  /** The home that a key is to be made for is not that of the provider. */
  SESSION_KEY_FOREIGN: { fault: 'operator' },
  /** The account pays for the proofs of less than seven periods more. */
  FEES_LOW: { fault: 'operator' },
  /** The ask has ended, or ends within a day and was not renewed. */
  ASK_ENDS: { fault: 'operator' },
  /** Sectors of a partition are faulty. */
  PARTITION_FAULTY: { fault: 'operator' },
  /** An answer to a challenge took more than half of its window. */
  ANSWER_LATE: { fault: 'operator' },
  /** What config.json says now is refused, or waits for the next start. */
  CONFIG_NOT_APPLIED: { fault: 'operator' },
  /** The chain does not take the ask of config.json. */
  ASK_NOT_SET: { fault: 'operator' },
  /** The chain does not take what config.json says of the provider. */
  PROVIDER_NOT_UPDATED: { fault: 'operator' },
  /** The account has less than the collateral that config.json names. */
  COLLATERAL_NOT_DEPOSITED: { fault: 'operator' },
  /** More collateral is deposited than config.json names. */
  COLLATERAL_NOT_WITHDRAWN: { fault: 'operator' },
  /** A deal was published that the store did not know to be signed. */
  DEAL_ADOPTED: { fault: 'nobody' },
  /** The chain's node says of a deal or a sector that it is over, and does not prove it. */
  END_NOT_PROVEN: { fault: 'peer' },
  /** What the store does not know was moved aside and is kept for a while. */
  SET_ASIDE: { fault: 'nobody' },
  /** The disk of a volume is not there, or is another one. */
  VOLUME_AWAY: { fault: 'operator', outage: true },
  /** A folder of a volume cannot be listed. */
  FOLDER_UNREADABLE: { fault: 'operator' },
  /** What something was moved from on a volume is not what it was moved to. */
  COPY_DIFFERS: { fault: 'operator' },
  /** Another home, or another process of this one, which was copied, has the volume now. */
  VOLUME_TAKEN: { fault: 'operator' },
  /** The disk of a volume takes no writes: what is on it is proven and served, and nothing comes to it. */
  VOLUME_READ_ONLY: { fault: 'operator' },
  /** A folder holds a sector that is none of this provider's. */
  SECTOR_FOLDER_FOREIGN: { fault: 'operator' },
  /** As many sectors with a deal have failed as are tried. */
  SEALING_GIVEN_UP: { fault: 'operator' },
  /** The piece is larger than a sector. */
  PIECE_LARGER_THAN_SECTOR: { fault: 'caller' },
} as const
