import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { createPostStore, type PostStore } from './post-store.ts'

const challenge = { partition: 3, challengeEpoch: 100, deadline: 120, sectors: [1, 2] }
let posts: PostStore

beforeEach(() => {
  posts = createPostStore(new DatabaseSync(':memory:'))
})

describe('the store of challenges', () => {
  test('a challenge is new once', () => {
    expect(posts.opened(challenge)).toBe(true)
    expect(posts.opened(challenge)).toBe(false)
    expect(posts.open()).toEqual([{ ...challenge, state: 'open' }])
  })

  test.each(['accepted', 'missed', 'void'] as const)('one that is %s is not open any more', (state) => {
    posts.opened(challenge)
    posts.closed(3, 100, state)
    expect(posts.open()).toEqual([])
    expect(posts.find(3, 100)).toEqual({ ...challenge, state })
  })

  test('what was accepted stays accepted', () => {
    posts.opened(challenge)
    posts.closed(3, 100, 'accepted')
    posts.closed(3, 100, 'missed')
    expect(posts.find(3, 100)?.state).toBe('accepted')
  })

  test('open challenges come by their deadline, other partitions and epochs are others', () => {
    posts.opened(challenge)
    posts.opened({ ...challenge, partition: 4, deadline: 110 })
    posts.opened({ ...challenge, challengeEpoch: 101, deadline: 130 })
    posts.closed(4, 101, 'missed')
    expect(posts.open().map(({ deadline }) => deadline)).toEqual([110, 120, 130])
    expect(posts.find(4, 101)).toBeUndefined()
  })
})
