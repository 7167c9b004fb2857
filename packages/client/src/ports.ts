/**
 * What the client needs of the place that it runs in. `@granary/client/node` has these over files, `@granary/client/memory`
 * in memory; what each promises is a contract in `packages/client/test`, which every implementation passes.
 */
import type { Hex } from '@granary/base'
import type { CutSizes, ImportProfileName, PieceHasher, ReadManifestOptions, Wrap } from '@granary/content'
import type { ChainClient, SignedMessage } from '@granary/protocol/client'
import type { Address, Hash, Signer } from '@granary/protocol/messages'
import type { CallOptions } from './call-options.ts'
import type { UploadLog } from './journal/create-upload-log.ts'
import type { UploadState } from './journal/upload-state.ts'

/** What is to be stored. How its bytes are read is between it and the spool of its platform. */
export interface Source {
  /** What a person calls it, such as its path; kept in the journal for the list of deals. */
  readonly name: string
  /** Undefined: they are counted when it is read, as those of a stream. */
  readonly bytes: number | undefined
  /** How it becomes a DAG, which decides its CIDs. @default 'unixfs-v1-2025' */
  readonly profile?: ImportProfileName | undefined
  /** The root is a folder around it, in which it keeps its name. */
  readonly wrap?: SourceWrap | undefined
}

/** The folder around what is stored. */
export interface SourceWrap extends Pick<Wrap, 'name'> {
  /** Nobody has asked for it: an earlier upload without it is gone on with instead. */
  readonly isDefault: boolean
}

/** Bytes that can be read again from anywhere: a file, a Blob, a CAR that is made as it is read. */
export interface PieceSource {
  readonly size: number
  /** The bytes from `start` up to, and without, `end`. @param memory at least as long: they may be put there */
  read(start: number, end: number, memory?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
}

/** What a source is as a DAG, and the CARs that it is cut into. */
export interface Manifest {
  readonly rootCid: string
  /** Of the content in the folder that is the root, where one was put around it. */
  readonly name?: string | undefined
  /** Of all files. */
  readonly fileBytes: number
  /** Of the DAG, each once. */
  readonly blocks: number
  /** In the order of the DAG, depth-first; the first one holds the root. Each has the root in its CAR's header. */
  readonly pieces: readonly ManifestPiece[]
}

/** A CAR that a content is cut into, in bytes. */
export interface ManifestPiece {
  /** Bytes of the CAR. */
  readonly payloadSize: number
  /** The smallest power of two that holds them, padded. */
  readonly pieceSize: number
}

/** A signal, into pieces of which sizes a source is cut, and whether the folder around it is left out. */
export interface SpoolReadOptions
  extends CallOptions,
    CutSizes,
    Pick<ReadManifestOptions, 'payloadSizesOf'>,
    Pick<Wrap, 'isLeftOut'> {}

/** What has been read of sources whose puts run or were interrupted, each under its root CID. */
export interface Spool<S extends Source = Source> {
  /** Names the source: of two runs that have the same name for theirs, one reads at a time. */
  nameOf(source: S): string
  /** Reads the source once, into a draft of that name, in place of what an interrupted run has left under it. */
  read(name: string, source: S, options: SpoolReadOptions): Promise<Manifest>
  /** The draft becomes what is opened by that root, in place of an earlier one of the same content. */
  keep(name: string, rootCid: string): Promise<void>
  /**
   * The CAR of a piece, by its index in the manifest, made of the source as it is read: every block that is given out
   * has been hashed. @throws FileChangedError FILE_CHANGED, here or while it is read
   */
  open(rootCid: string, piece: number): Promise<PieceSource & AsyncDisposable>
  /** Also of what is not there. */
  remove(rootCid: string): Promise<void>
}

/** What came of uploads so far, by chain and root. */
export interface Journal {
  /** For who holds the lock of the root. @throws JournalInvalidError for a log that is not as it was written */
  open(genesisHash: Hash, rootCid: string): Promise<UploadLog>
  /** One alone, by whoever asks; undefined: there is none. @throws JournalInvalidError */
  read(genesisHash: Hash, rootCid: string): Promise<UploadState | undefined>
  /** Those that can be read. */
  list(genesisHash: Hash): Promise<UploadState[]>
}

/**
 * Messages that spend, signed by an account and not known to have ended: who finds one sends the same bytes again instead of new
 * ones. A write that has resolved survives a kill, whole.
 */
export interface Outbox {
  write(genesisHash: Hash, message: SignedMessage): Promise<void>
  /** Those of the account, the oldest first. @throws OutboxInvalidError for one that is not as it was written */
  list(genesisHash: Hash, sender: Address): Promise<SignedMessage[]>
  /** Also of one that is not there. */
  remove(genesisHash: Hash, id: Hash): Promise<void>
}

/** Held by one at a time among all who share spool and journal, and free again when its holder is killed. */
export interface Lock {
  /** Undefined: somebody else holds it. Free when its disposal has resolved. */
  take(name: string): Promise<AsyncDisposable | undefined>
}

/** A chain that is believed, and how far it has been seen. */
export interface TrustedChain {
  readonly genesisHash: Hash
  /** ed25519 public keys of the genesis, 32 bytes: who signs headers. */
  readonly validators: readonly Hex[]
  readonly blockTimeMs: number
  /** The newest that was verified. */
  readonly header: { readonly height: number; readonly hash: Hash; readonly timeMs: number }
}

/** Which chain is believed at an address: later verifications begin there, and take nothing from before it. */
export interface TrustStore {
  /** undefined: none yet. @throws TrustInvalidError for a record that is not as it was written */
  read(chainUrl: string): Promise<TrustedChain | undefined>
  /** In place of the earlier one. A write that has resolved survives a kill, whole. */
  write(chainUrl: string, trusted: TrustedChain): Promise<void>
}

/** Who pays and signs. */
export type Account = Signer

/** Where nonces come from. */
export interface Random {
  /** Not to be foreseen by anybody. */
  bytes(count: number): Uint8Array
}

/** Time, and what waits for it. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Ends early, with the reason of the abort as its error, when the signal fires. */
  sleep(ms: number, signal?: AbortSignal | undefined): Promise<void>
  /** Calls once after that long, unless it is disposed of before. */
  after(ms: number, call: () => void): Disposable
}

/** HTTP, as a page and Node have it. */
export type Fetch = typeof globalThis.fetch & {
  /** Bodies of bytes that are read while they are sent. Without it they are read before. */
  readonly bodiesOf?: (source: PieceSource) => (start: number, end: number) => RangeBody
}

/** A part of a piece, to be sent. */
export interface RangeBody {
  readonly body: BodyInit
  /** Nothing is read any more. Rejects with the error of a read. */
  readonly ended?: () => Promise<void>
}

/** A node of the chain. */
export type Chain = ChainClient

/** Where a fetched file goes: all of it, or nothing. */
export interface Sink {
  /** Before anybody is asked. @throws what is wrong with the place */
  check?(): Promise<void>
  /** When `contents` throws, nothing is left. @returns bytes that were written */
  write(contents: AsyncIterable<Uint8Array>): Promise<number>
}

/** Makes what commits to a piece's bytes as they pass: the quickest that the platform has. */
export type CreatePieceHasher = () => Promise<PieceHasher>

/** All that the client needs of the place that it runs in. */
export interface Ports<S extends Source = Source> {
  readonly chain: Chain
  readonly account: Account
  readonly spool: Spool<S>
  readonly hasher: CreatePieceHasher
  readonly journal: Journal
  readonly outbox: Outbox
  readonly trust: TrustStore
  readonly lock: Lock
  readonly random: Random
  readonly clock: Clock
  readonly fetch: Fetch
}
