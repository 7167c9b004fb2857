/**
 * What the client needs of the place that it runs in. `@granary/client/node` has these over files, `@granary/client/memory`
 * in memory; what each promises is a contract in `packages/client/test`, which every implementation passes.
 */
import type { PieceInfo } from '@granary/content'
import type { ChainClient } from '@granary/protocol/client'
import type { Hash, Signer } from '@granary/protocol/messages'
import type { CallOptions } from './call-options.ts'
import type { PutRecord } from './journal/put-record.ts'

/** A file that is to be stored. How its bytes are read is between it and the spool of its platform. */
export interface Source {
  /** What a person calls it, such as its path; kept in the journal for the list of deals. */
  readonly name: string
  readonly bytes: number
}

/** Bytes that can be read again from anywhere: a file, a Blob. */
export interface PieceSource {
  readonly size: number
  /** The bytes from `start` up to, and without, `end`. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

/** What came of packing a file: the DAG's root, and the piece that its CAR is. */
export interface Packed extends PieceInfo {
  readonly rootCid: string
  /** Blocks in the CAR. */
  readonly blocks: number
  readonly fileBytes: number
}

/** Keeps the CARs of puts that run or were interrupted, each under its root CID. */
export interface Spool<S extends Source = Source> {
  /** Names the source: of two runs that have the same name for theirs, one packs at a time. */
  nameOf(source: S): string
  /** Packs the source into a draft of that name, in place of what an interrupted run has left under it. */
  pack(name: string, source: S, options: CallOptions): Promise<Packed>
  /** The draft becomes the CAR of that root, in place of an earlier one of the same content. */
  keep(name: string, rootCid: string): Promise<void>
  open(rootCid: string): Promise<PieceSource & AsyncDisposable>
  /** Also of a CAR that is not there. */
  remove(rootCid: string): Promise<void>
}

/** What a put has done so far, by chain and root. A write that has resolved survives a kill, whole. */
export interface Journal {
  /** @throws JournalInvalidError for a record that is not as it was written */
  read(genesisHash: Hash, rootCid: string): Promise<PutRecord | undefined>
  write(record: PutRecord): Promise<void>
  /** Those that can be read. */
  list(genesisHash: Hash): Promise<PutRecord[]>
}

/** Held by one at a time among all who share spool and journal, and free again when its holder is killed. */
export interface Lock {
  /** Undefined: somebody else holds it. */
  take(name: string): Disposable | undefined
}

/** Who pays and signs. */
export type Account = Signer

export interface Random {
  /** Not to be foreseen by anybody. */
  bytes(count: number): Uint8Array
}

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Ends early, with the reason of the abort as its error, when the signal fires. */
  sleep(ms: number, signal?: AbortSignal | undefined): Promise<void>
  /** Calls once after that long, unless it is disposed of before. */
  after(ms: number, call: () => void): Disposable
}

export type Fetch = typeof globalThis.fetch

export type Chain = ChainClient

/** Where a fetched file goes: all of it, or nothing. */
export interface Sink {
  /** Before anybody is asked. @throws what is wrong with the place */
  check?(): Promise<void>
  /**
   * Called anew for each provider that is tried. `contents` gives the file from its beginning, each part verified, and
   * reads back through `reread` what it has given before; without that it keeps up to 64 MiB in memory.
   * @returns bytes that were written
   */
  write(contents: (reread?: Reread) => AsyncIterable<Uint8Array>): Promise<number>
}

export type Reread = (offset: number, length: number) => AsyncIterable<Uint8Array>

export interface Ports<S extends Source = Source> {
  readonly chain: Chain
  readonly account: Account
  readonly spool: Spool<S>
  readonly journal: Journal
  readonly lock: Lock
  readonly random: Random
  readonly clock: Clock
  readonly fetch: Fetch
}
