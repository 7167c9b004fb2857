/**
 * What the world outside of the chain takes, in GRN: the simulation has no other money. Each report states them, and at which
 * price of a disk each comparison would turn round.
 */
export interface Costs {
  /** Of disk in use, for 30 days. */
  readonly diskTiBMonth: bigint
  /** Electricity and machines, once a GiB that is sealed. */
  readonly sealingGiB: bigint
  /** Fetching a GiB again from elsewhere, and sealing it anew. */
  readonly recoveryGiB: bigint
  /** Reading the samples of one challenge. */
  readonly proof: bigint
}

const GRN = 10n ** 18n

/** Against a price of 17.7 GRN a TiB and day, that is 530 a month. */
export const COSTS: Costs = {
  diskTiBMonth: 150n * GRN,
  sealingGiB: GRN / 20n,
  recoveryGiB: (7n * GRN) / 100n,
  proof: GRN / 1_000n,
}
