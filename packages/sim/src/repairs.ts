/** Replicas that are lost by accident, the same places at the same hours for equals in rank, and what is made whole again. */
import { createRandom } from './random.ts'
import { epochsIn, FAULT_CHANCE, repairMs, SECTOR_GIB, type World } from './world.ts'

export interface Repairs {
  /** Once a period: calls `lose` with places on the disk, at the epochs at which something happens to them. */
  meetFaults(lose: (place: number) => void): void
  /** @param doing: sealing again from data that is there, or fetching it first */
  repair(sector: number, doing: 'sealing' | 'fetching'): void
  isRepairing(sector: number): boolean
  /** attoGRN. */
  cost(): bigint
}

export interface RepairsParts {
  readonly world: World
  readonly rank: number
  readonly repaired: (sector: number) => void
}

export function createRepairs({ world, rank, repaired }: RepairsParts): Repairs {
  const { chain, params, costs, diskSectors, seed } = world
  const random = createRandom(seed, `faults of ${rank}`)
  const repairing = new Set<number>()
  let cost = 0n

  return {
    isRepairing: (sector) => repairing.has(sector),
    cost: () => cost,
    meetFaults: (lose) => {
      for (let place = 0; place < diskSectors; place += 1) {
        const isFaulty = random.unit() < FAULT_CHANCE
        const after = random.between(1, params.provingPeriod - 1)
        if (isFaulty) chain.at(chain.height + after, () => lose(place))
      }
    },
    repair: (sector, doing) => {
      if (repairing.has(sector)) return
      repairing.add(sector)
      cost += BigInt(SECTOR_GIB) * (doing === 'sealing' ? costs.sealingGiB : costs.recoveryGiB)
      chain.at(chain.height + epochsIn(params, repairMs), () => {
        repairing.delete(sector)
        repaired(sector)
      })
    },
  }
}
