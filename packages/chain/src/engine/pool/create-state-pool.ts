/** The pool of a node, over its committed state. */
import { feeLevelOf, readHead, readParams, type StateMachine, type StateReader, sendersOf } from '../../state/index.ts'
import { createPool, type Pool } from './create-pool.ts'

export function createStatePool({ machine, reader }: { machine: StateMachine; reader: StateReader }): Pool {
  return createPool({
    senders: sendersOf(reader),
    limits: () => {
      const { blockBytes, blockVerifyUnits } = readParams(reader)
      return { blockBytes, blockVerifyUnits, feeLevel: feeLevelOf(reader), height: readHead(reader).height }
    },
    refusal: (tx, before) => {
      const verdict = machine.checkTx(tx.bytes, before, { executes: false })
      return verdict.code === 'OK' ? undefined : verdict
    },
  })
}
