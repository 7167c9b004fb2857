import type { Address } from '@granary/protocol/messages'
import type { Ballot } from '@granary/protocol/records'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { outcomeOf, tallyOf } from './count-votes.ts'

const addressOf = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`

const voter = fc.record({
  power: fc.bigInt(1n, 2n ** 48n),
  present: fc.option(fc.bigInt(1n, 2n ** 48n), { nil: undefined }),
  choice: fc.constantFrom<Ballot['choice'][]>('none', 'yes', 'no', 'abstain'),
})
const voters = fc.array(voter, { minLength: 1, maxLength: 40 })
type Voters = typeof voters extends fc.Arbitrary<infer T> ? T : never

function tallied(of: Voters) {
  const ballots = of.map(({ power, choice }, index) => [addressOf(index), { power, choice }] as const)
  const now = new Map(of.flatMap(({ present }, index) => (present === undefined ? [] : [[addressOf(index), present]])))
  return { power: of.reduce((sum, each) => sum + each.power, 0n), tally: tallyOf(ballots, now) }
}

const upgrade = { height: 1, rules: 2, release: '' }

test('each word counts once, by the lesser of the power at the start and that at the end', () => {
  fc.assert(
    fc.property(voters, (of) => {
      const { power, tally } = tallied(of)
      for (const choice of ['yes', 'no', 'abstain'] as const) {
        const said = of.filter((each) => each.choice === choice)
        const sum = said.reduce((total, { power: then, present = 0n }) => total + (present < then ? present : then), 0n)
        expect(tally[choice]).toBe(sum)
      }
      expect(tally.yes + tally.no + tally.abstain <= power).toBe(true)
    }),
  )
})

test('what is accepted has a third of all power behind a vote and more than two thirds of what was said; an upgrade of all', () => {
  fc.assert(
    fc.property(voters, (of) => {
      const { power, tally } = tallied(of)
      const { yes, no, abstain } = tally
      const params = outcomeOf({ power, upgrade: undefined }, tally)
      const rules = outcomeOf({ power, upgrade }, tally)
      expect(params === 'accepted').toBe(3n * (yes + no + abstain) >= power && 3n * yes > 2n * (yes + no))
      expect(rules === 'accepted').toBe(3n * yes > 2n * power)
      // Who upgrades has more behind it than who changes a parameter.
      if (rules === 'accepted') expect(params).toBe('accepted')
      expect(params === 'quorum').toBe(rules === 'quorum')
    }),
  )
})

test('a word more for it, or one less against it, never turns an accepted proposal down', () => {
  const words = fc.tuple(voters, fc.nat())
  fc.assert(
    fc.property(words, fc.constantFrom(undefined, upgrade), ([of, at], kind) => {
      const before = tallied(of)
      fc.pre(outcomeOf({ power: before.power, upgrade: kind }, before.tally) === 'accepted')
      const changed = of.map((each, index) => (index === at % of.length ? { ...each, choice: 'yes' as const } : each))
      const after = tallied(changed)
      expect(outcomeOf({ power: after.power, upgrade: kind }, after.tally)).toBe('accepted')
    }),
  )
})

test.each([
  // Of 300: a third is 100.
  [{ yes: 99n, no: 0n, abstain: 0n }, 'quorum', 'quorum'],
  [{ yes: 100n, no: 0n, abstain: 0n }, 'accepted', 'majority'],
  [{ yes: 1n, no: 0n, abstain: 99n }, 'accepted', 'majority'],
  [{ yes: 0n, no: 0n, abstain: 300n }, 'majority', 'majority'],
  [{ yes: 200n, no: 100n, abstain: 0n }, 'majority', 'majority'],
  [{ yes: 201n, no: 99n, abstain: 0n }, 'accepted', 'accepted'],
  [{ yes: 200n, no: 0n, abstain: 0n }, 'accepted', 'majority'],
] as const)('%o of 300 is %s, and for an upgrade %s', (tally, params, rules) => {
  expect(outcomeOf({ power: 300n, upgrade: undefined }, tally)).toBe(params)
  expect(outcomeOf({ power: 300n, upgrade }, tally)).toBe(rules)
})
