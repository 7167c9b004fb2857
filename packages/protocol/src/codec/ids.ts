/** The numbers of things, as fields of messages and records. */
import { type Field, uint } from './field.ts'
import type { DealId, PartitionNumber, ProposalId, ProviderId, SectorNumber } from './types.ts'

export const providerId: Field<ProviderId, number> = uint(32)
export const dealId: Field<DealId, number> = uint(48)
export const proposalId: Field<ProposalId, number> = uint(48)
export const sectorNumber: Field<SectorNumber, number> = uint(32)
export const partitionNumber: Field<PartitionNumber, number> = uint(32)
