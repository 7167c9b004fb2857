/** What native/addon.c exports. Long work resolves with bytes, or with the text of what failed. */
declare const external: unique symbol
/** Of one job: stopped and asked for progress through it. */
export type Control = { readonly [external]: 'control' }
export type LabelMemory = { readonly [external]: 'memory' }
export type Outcome = Promise<Uint8Array | string>

export interface Addon {
  readonly version: number
  /** Whether the CPU has the SHA extensions. */
  readonly shani: boolean
  control(): Control
  cancel(control: Control): void
  progress(control: Control): number
  hashPairs(implementation: string, nodes: Uint8Array, out: Uint8Array, mask: number): void
  hashColumns(implementation: string, tag: Uint8Array, layers: readonly Uint8Array[], out: Uint8Array): void
  addNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  subtractNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  padFr32(payload: Uint8Array, out: Uint8Array): void
  writeParents(
    drgSeed: Uint8Array,
    feistelTable: Uint32Array,
    halfBits: number,
    nodes: number,
    first: number,
    out: Uint8Array,
  ): void
  buildParents(
    control: Control,
    implementation: string,
    threads: number,
    drgSeed: Uint8Array,
    feistelTable: Uint32Array,
    halfBits: number,
    nodes: number,
    first: number,
    digest: Uint8Array,
    path: string,
    checkpointPath: string,
  ): Outcome
  labelMemory(lanes: number, nodes: number): LabelMemory | undefined
  releaseLabelMemory(memory: LabelMemory): void
  labelLayer(
    control: Control,
    implementation: string,
    memory: LabelMemory,
    layer: number,
    first: number,
    digests: Uint8Array,
    replicaIds: Uint8Array,
    parentsPath: string,
    previousPaths: readonly string[],
    outPaths: readonly string[],
    checkpointPaths: readonly string[],
    checkpointMs: number,
  ): Outcome
  commitColumns(
    control: Control,
    implementation: string,
    threads: number,
    nodes: number,
    tag: Uint8Array,
    layerPaths: readonly string[],
    treePath: string,
  ): Outcome
  commitData(
    control: Control,
    implementation: string,
    threads: number,
    nodes: number,
    piecePaths: readonly string[],
    pieceNumbers: Float64Array,
  ): Outcome
  encode(
    control: Control,
    implementation: string,
    threads: number,
    nodes: number,
    piecePaths: readonly string[],
    pieceNumbers: Float64Array,
    keyPath: string,
    replicaPath: string,
    treeRPath: string,
    treeDPath: string,
  ): Outcome
  decode(
    control: Control,
    implementation: string,
    threads: number,
    nodes: number,
    offset: number,
    payloadSize: number,
    replicaPath: string,
    keyPath: string,
    outPath: string,
  ): Outcome
  commitPayload(control: Control, implementation: string, threads: number, fd: number): Outcome
  commitBytes(control: Control, implementation: string, memory: Uint8Array, length: number): Outcome
}

export function isFailure(outcome: Uint8Array | string): outcome is string {
  return typeof outcome === 'string'
}
