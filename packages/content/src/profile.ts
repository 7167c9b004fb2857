/**
 * How files become a DAG, by name: what decides their CIDs. The names of IPIP-499 are those of Kubo's configuration
 * profiles, too. https://specs.ipfs.tech/ipips/ipip-0499/
 */

export interface ImportProfile {
  readonly cidVersion: 0 | 1
  /** A file's chunks are blocks as they are; or else each is wrapped into a node of UnixFS. */
  readonly rawLeaves: boolean
  readonly chunkBytes: number
  readonly linksPerNodeMax: number
  /** A folder that would be larger is sharded, 256 ways: measured by its block, or by its names and their CIDs alone. */
  readonly shardMeasure: 'block' | 'links'
  readonly shardThresholdBytes: number
  readonly shardFanoutBits: number
}

export type ImportProfileName = 'unixfs-v1-2025' | 'unixfs-v0-2015' | 'kubo-cid-v1'

const older: ImportProfile = {
  cidVersion: 0,
  rawLeaves: false,
  chunkBytes: 256 * 1024,
  linksPerNodeMax: 174,
  shardMeasure: 'links',
  shardThresholdBytes: 256 * 1024,
  shardFanoutBits: 8,
}

export const importProfiles: Readonly<Record<ImportProfileName, ImportProfile>> = {
  /** `ipfs add` with the profile of that name. */
  'unixfs-v1-2025': {
    cidVersion: 1,
    rawLeaves: true,
    chunkBytes: 1024 * 1024,
    linksPerNodeMax: 1024,
    shardMeasure: 'block',
    shardThresholdBytes: 256 * 1024,
    shardFanoutBits: 8,
  },
  /** `ipfs add` as it was for ten years: CIDs that begin with Qm. */
  'unixfs-v0-2015': older,
  /** `ipfs add --cid-version=1` without a profile: what most CIDs that begin with baf are. */
  'kubo-cid-v1': { ...older, cidVersion: 1, rawLeaves: true },
}

export const profileDefault: ImportProfileName = 'unixfs-v1-2025'
