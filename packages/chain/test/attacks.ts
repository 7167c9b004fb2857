/**
 * Attacks on the protocol, each with the rule that refuses it, the test that is that attack, and what trying it costs.
 * docs/threat-model.md is printed from this list, and a test holds every row to a test of its name.
 */
export interface Attack {
  /** The name of its test starts with this. */
  readonly name: string
  /** Where the test stands: in packages/, without `.test.ts`. */
  readonly file: string
  readonly refusedBy: string
  readonly cost: string
}

const STATE = 'chain/src/state'
const POOL = 'chain/src/engine/pool'

export const attacks: readonly Attack[] = [
  // Validators
  {
    name: "bonding another's key",
    file: `${STATE}/validators/validators`,
    refusedBy: 'the key of a validator signs for the account whose its bond becomes',
    cost: 'the fee of the message',
  },
  {
    name: 'flooding the set',
    file: `${STATE}/validators/validators`,
    refusedBy: 'there are validatorsMax places, for the most powerful, and eight changes a block',
    cost: 'more than the bonds of those who are displaced, for the time of the unbonding',
  },
  {
    name: 'reporting one double vote again and again',
    file: `${STATE}/validators/validators`,
    refusedBy: 'a validator is slashed once a height; who was is kept for as long as evidence of it counts',
    cost: 'nothing is gained and nothing lost',
  },
  {
    name: 'unbonding before the evidence comes',
    file: `${STATE}/validators/validators`,
    refusedBy: 'what is on its way back is slashed too, and takes longer than evidence counts',
    cost: 'a twentieth of the bond for each height',
  },
  {
    name: 'coming back under a key that voted twice',
    file: `${STATE}/validators/validators`,
    refusedBy: 'a key that voted twice is remembered for good, and taken neither by Unjail nor by a bond',
    cost: 'the fee of the message',
  },
  {
    name: 'emptying the set',
    file: `${STATE}/validators/validators`,
    refusedBy: 'the last validators stay while nobody else is a candidate, and the last bond cannot leave whole',
    cost: 'the bonds that are slashed',
  },
  // Challenges and proofs
  {
    name: 'declaring a fault inside a window',
    file: `${STATE}/proving/faults`,
    refusedBy: 'the list was frozen before the draw, and the fee of missing it with it',
    cost: 'the fee of a declared fault on top of that of the miss',
  },
  {
    name: 'terminating inside a window',
    file: `${STATE}/proving/faults`,
    refusedBy: 'the frozen list still holds the sector',
    cost: 'the termination fee, and the deals with their collateral',
  },
  {
    name: 'expiring inside a window',
    file: `${STATE}/proving/faults`,
    refusedBy: 'a sector leaves after the first challenge that closed at or after its expiry',
    cost: 'its last span is not paid',
  },
  {
    name: 'recovering inside a window',
    file: `${STATE}/proving/faults`,
    refusedBy: 'a recovery waits until no challenge of its partition is open',
    cost: 'nothing is gained and nothing lost',
  },
  {
    name: 'declared in the block of the draw, or terminated',
    file: `${STATE}/proving/skips`,
    refusedBy: 'the fee of a miss is counted in the records of the frozen list, whatever became of its sectors since',
    cost: 'the fee of a declared fault, or of a termination, on top of that of the miss',
  },
  {
    name: 'its deal cancelled in the window',
    file: `${STATE}/proving/skips`,
    refusedBy: 'the pay of a deal leaves the income of its sector when the deal is closed, not when it is cancelled',
    cost: 'the fee of the miss, and the share of the cancellation',
  },
  {
    name: '11 skips of 80 samples',
    file: `${STATE}/proving/skips`,
    refusedBy: 'an answer skips one position for each eight samples at most',
    cost: 'nothing: no block holds it',
  },
  {
    name: 'a skip without a sample',
    file: `${STATE}/proving/skips`,
    refusedBy: 'a skipped position has a sample on it, and the samples are those of the whole list',
    cost: 'nothing: no block holds it',
  },
  {
    name: 'a skip of all',
    file: `${STATE}/proving/skips`,
    refusedBy: 'at least one sampled sector is proven',
    cost: 'nothing: no block holds it',
  },
  {
    name: 'skips in a recovery',
    file: `${STATE}/proving/skips`,
    refusedBy: 'a recovery is answered in full',
    cost: 'nothing: no block holds it',
  },
  {
    name: 'of what is gone costs twice the mean',
    file: `${STATE}/money/answer-fees`,
    refusedBy: 'a skip costs (N + k) / k periods of the mean of a list of N sectors and k samples, and its floor',
    cost: 'in expectation twice what the missing part earns, or a hundredth of its pledge a period',
  },
  {
    name: 'of the rich one among poor ones',
    file: `${STATE}/money/answer-fees`,
    refusedBy: 'a skip costs at least two periods of its own income',
    cost: 'four times what declaring it costs',
  },
  {
    name: 'that was %s inside the window',
    file: `${STATE}/proving/skips`,
    refusedBy: 'a skip costs its fee whatever became of the sector',
    cost: 'both fees',
  },
  {
    name: 'a fee that neither collateral nor vesting covers',
    file: `${STATE}/proving/skips`,
    refusedBy: 'no block holds an answer whose skips leave a debt above what still vests',
    cost: 'the miss, or the proof of the whole list',
  },
  {
    name: 'burning more than its session key may spend',
    file: `${STATE}/access/session-keys`,
    refusedBy: 'what an answer or a declaration burns is held against the limit of its key before a block',
    cost: 'nothing: no block holds it',
  },
  {
    name: 'while a provider owes',
    file: `${STATE}/proving/skips`,
    refusedBy: 'what deals pay goes to the debt before the payout address',
    cost: 'the debt',
  },
  {
    name: 'adding a sector inside a window',
    file: `${STATE}/proving/challenges`,
    refusedBy: 'who joined after the freeze is not in the list',
    cost: 'nothing is gained and nothing lost',
  },
  {
    name: 'deleting after an answer until the next period',
    file: `${STATE}/proving/challenges`,
    refusedBy: 'a second draw each epoch, with replacement',
    cost: 'in expectation one miss a period: two periods of income of the partition',
  },
  {
    name: 'choosing among beacon rounds',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'an epoch has one round, which follows from the header time before it',
    cost: 'the block, which nobody accepts',
  },
  {
    name: 'withholding a beacon round',
    file: `${STATE}/proving/beacon`,
    refusedBy: 'an epoch whose round comes too late draws nothing, and no other round is drawn in its place',
    cost: 'nothing is gained: spans join the next',
  },
  {
    name: 'preparing for a challenge',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'the order of slots is shuffled epoch by epoch, from randomness that is not public before',
    cost: 'nothing can be known, so nothing can be bought',
  },
  {
    name: 'choosing the seed',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'one seed for each pre-commit, drawn after the commitment',
    cost: 'the deposit of each commitment that is given up',
  },
  {
    name: 'forging a replica for a known seed',
    file: `${STATE}/proving/forged-replica`,
    refusedBy: 'the seed is drawn over CommR too: what was forged for one has another',
    cost: 'the deposit',
  },
  {
    name: 'seed known early',
    file: `${STATE}/proving/seed-epoch`,
    refusedBy:
      'the seed is of the first epoch whose round nobody can have seen when the replica was committed to, and of that replica',
    cost: 'the deposit: a replica that fits no seed proves nothing',
  },
  {
    name: 'three days forward',
    file: `${STATE}/proving/proven-time`,
    refusedBy: 'a header is at most clockLead ahead of the newest beacon round on the chain',
    cost: 'the block, which nobody accepts; no deposit, deal or fault ends by it',
  },
  {
    name: 'an hour back',
    file: `${STATE}/proving/proven-time`,
    refusedBy: 'a header is later than the one before it',
    cost: 'the block, which nobody accepts',
  },
  {
    name: "setting a machine's clock while it runs",
    file: 'chain/src/engine/clock/clock',
    refusedBy: "time passes evenly once the beacon has shown it; the machine's clock is read at the start alone",
    cost: 'nothing is gained: no round is used beyond its epoch',
  },
  {
    name: 'relays that lie about the time',
    file: 'chain/src/engine/clock/clocks',
    refusedBy:
      'rounds set a proven clock back by 60 s in all, and one at a start by ten minutes; beyond that an operator decides',
    cost: 'all relays at once, and one honest relay ends it; at most eleven minutes that seeds are known early',
  },
  {
    name: 'sealing ahead of the ticket',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'a ticket is of a past epoch, and not older than ticketMaxAge',
    cost: 'the fee of the message',
  },
  {
    name: 'using a sector number twice',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'numbers are kept as ranges, for ever',
    cost: 'the fee of the message',
  },
  {
    name: 'slow blocks',
    file: `${STATE}/proving/slow-chain`,
    refusedBy: 'past a fifth of the least time of a replica an answer proves nothing, and what is void is drawn again',
    cost: 'who makes the blocks slow is not paid for the span until the next answer',
  },
  {
    name: 'one block late at each challenge',
    file: `${STATE}/proving/slow-chain`,
    refusedBy: 'a challenge is void only if five blocks could not have carried the answer',
    cost: 'a missed proof',
  },
  {
    name: 'stopping the chain at each challenge',
    file: `${STATE}/proving/slow-chain`,
    refusedBy: 'an answer proves no more than two periods before its draw; what is void is drawn again, by lot',
    cost: 'who can stop it nearly completely is paid for two periods without the data, once, and for nothing else',
  },
  {
    name: 'exhausting slots',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'each partition locks a deposit, and holds a sector that was proven',
    cost: 'the deposit of each partition and a proof of replication for each sector',
  },
  {
    name: 'taking the last slot between a pre-commit and its proof',
    file: `${STATE}/proving/places`,
    refusedBy: 'a pre-commit fixes the place of its sector; who comes later has none (NO_SLOT)',
    cost: 'the pledges and deposits of whoever fills the rest',
  },
  {
    name: 'withdrawing what the partition deposits before the proof',
    file: `${STATE}/proving/places`,
    refusedBy: 'the deposit of a partition is locked with the pre-commit that opens it',
    cost: 'nothing is gained and nothing lost',
  },
  {
    name: 'filling all places with partitions of one sector',
    file: `${STATE}/proving/places`,
    refusedBy: 'a new partition deposits twice as much with each twentieth of all places above half of them',
    cost: '1.8 million GRN of deposits and 138,240 of pledges, locked in production; 69,120 a day burnt if nothing is stored',
  },
  {
    name: 'cancelling while the data is faulty',
    file: `${STATE}/money/leaving`,
    refusedBy:
      'while its sector is faulty a deal pays no share, and the collateral waits for what becomes of the sector',
    cost: 'the provider that would gain: its collateral, unless it proves the data in time',
  },
  {
    name: 'leaving a long deal to sell the disk for more',
    file: `${STATE}/money/leaving`,
    refusedBy: 'what still vests is forfeited, as far as the deals could still have paid',
    cost: 'up to 90 days of the reward of the sector, beside the termination fee and the collateral',
  },
  {
    name: "registering a provider to become its daemon's key",
    file: `${STATE}/access/session-keys`,
    refusedBy: 'RegisterProvider is signed by the account itself; no scope allows it',
    cost: 'it is not taken at all',
  },
  {
    name: 'spending collateral by a session key beyond its limit',
    file: `${STATE}/access/session-keys`,
    refusedBy: 'the limit counts what a message locks, burns and withdraws, and the terms that the key has signed',
    cost: 'the fee of the message',
  },
  {
    name: 'changing the key of one provider to silence another',
    file: `${STATE}/access/session-keys`,
    refusedBy: 'a key that serves two providers stays when one changes',
    cost: 'nothing is gained and nothing lost',
  },
  {
    name: 'filling the state with records',
    file: `${STATE}/money/records-that-stay`,
    refusedBy: 'a record that stays costs who names it',
    cost: '13,000 GRN for 13 million accounts',
  },
  {
    name: 'filling the reserved half with garbage',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'only what is right, from the provider itself, is of the proving class',
    cost: 'it is not taken at all',
  },
  {
    name: 'an answer of wrong bytes',
    file: `${STATE}/proving/challenges`,
    refusedBy: 'it is verified before a block, and a block that holds it is refused',
    cost: 'nothing, and it is not taken',
  },
  {
    name: '4,096 requests to recover in 4,096 lanes from one sector',
    file: `${POOL}/pool-attacks`,
    refusedBy: 'one request a partition waits, and what is no answer stands behind all answers',
    cost: 'the fee of one request',
  },
  {
    name: '1,086 wrong answers behind lane heads',
    file: `${POOL}/pool-attacks`,
    refusedBy:
      'an answer is verified before it waits, in any place of its lane; two wrong ones a challenge, then no more',
    cost: 'nothing, and a partition with an open challenge',
  },
  {
    name: 'wrong answers by session keys',
    file: `${POOL}/pool-attacks`,
    refusedBy: 'all session keys together have two, and the own key of the account two more',
    cost: 'a stolen key',
  },
  {
    name: 'attacker first in every block, window of 5 epochs',
    file: `${POOL}/pool-attacks`,
    refusedBy: 'answers go by their deadline, and those of an epoch fill at most three quarters of a block',
    cost: 'its own answers are late',
  },
  {
    name: 'a request whose partition is being challenged',
    file: `${STATE}/proving/recoveries`,
    refusedBy: 'it stands aside until that is over: what is behind it in the queue is drawn',
    cost: 'the fee of a request',
  },
  {
    name: 'a request whose sectors are gone',
    file: `${STATE}/proving/recoveries`,
    refusedBy: 'it is dropped and the next one drawn in its place',
    cost: 'the fee of a request and the termination of its sectors',
  },
  // Deals
  {
    name: 'leaving a deal by a declared fault',
    file: `${STATE}/proving/faults`,
    refusedBy: 'a deal that ends in a fault pays its client in proportion, and its sector the termination fee',
    cost: 'what terminating costs',
  },
  {
    name: 'renewing or topping up without a proof',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'the sector must have been proven within two periods',
    cost: 'the fee of the message',
  },
  {
    name: 'stacking renewals',
    file: `${STATE}/market/deal-changes`,
    refusedBy: 'a renewal names the end from which it was signed, and the deal must still have it',
    cost: 'the fee of each renewal after the first',
  },
  {
    name: 'publishing a quote as terms',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'quotes and terms are of two EIP-712 types',
    cost: 'the fee of the message',
  },
  {
    name: 'publishing at the last moment',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'the time to seal counts from the block of the publication',
    cost: 'nothing is gained and nothing lost',
  },
  {
    name: 'publishing the same terms twice',
    file: `${STATE}/market/market`,
    refusedBy: 'the hash of terms is kept as long as the deal is known',
    cost: 'the fee of the message',
  },
  {
    name: 'publishing and letting lapse',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'the collateral of a deal that lapses is burnt',
    cost: "the deal's collateral, a fifth of the price at least",
  },
  {
    name: 'cancelling between pre-commit and proof',
    file: `${STATE}/market/deal-changes`,
    refusedBy: 'a bound deal can neither be cancelled nor lapse',
    cost: 'the fee of the message',
  },
  {
    name: 'one deal in two sectors',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'the first pre-commit binds it, until it fails',
    cost: 'the fee of the message',
  },
  {
    name: 'piece sizes [S/4, S/2, S/4]',
    file: `${STATE}/proving/sectors`,
    refusedBy: 'pieces are aligned to their own size, and CommD is computed from them',
    cost: 'the fee of the message',
  },
  {
    name: 'sizes that differ from the piece CID',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'sizes must be those of the piece CID',
    cost: 'the fee of the message',
  },
  {
    name: 'draining a client by its standing order',
    file: `${STATE}/market/standing-orders`,
    refusedBy:
      "the client pays for no end further off than the terms' duration, nor after what they say, and for proven time only",
    cost: 'the fee of each top-up: the client pays what it pays anyway',
  },
  {
    name: 'extending what nobody wants',
    file: `${STATE}/market/standing-orders`,
    refusedBy: 'the client ends its order at any time for a fee; what is paid ahead is at most the price at first',
    cost: 'the fee of each top-up, and the proofs of the time that was added',
  },
  {
    name: 'ordering more than its session key may spend',
    file: `${STATE}/market/standing-orders`,
    refusedBy: 'all that the order may cost counts against the limit of the key that publishes it',
    cost: 'the fee of the message',
  },
  {
    name: 'topping up beyond what the terms say',
    file: `${STATE}/market/deal-changes`,
    refusedBy: 'the end moves to extendableUntil at most, and the sector lasts as long as its deals',
    cost: 'the fee of the message',
  },
  // Keys and encodings
  {
    name: 'replaying a signature on another chain',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'the genesis hash is the salt of the EIP-712 domain',
    cost: 'it is not taken at all',
  },
  {
    name: 'a second encoding of a signature',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'low s, v 0 or 1, and the id is the digest',
    cost: 'it is not taken at all',
  },
  {
    name: 'a session key that makes itself stronger',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'no session key authorises or revokes one, whatever its scopes',
    cost: 'it is not taken at all',
  },
  // Money
  {
    name: 'the wave of pre-commits in many lanes',
    file: `${POOL}/pool-attacks`,
    refusedBy: 'general messages go in rounds: one of each account before the second of any',
    cost: 'the fee of each message, though it fails',
  },
  {
    name: 'ten proofs of 3 MB of a provider that does not exist, with money handed on',
    file: `${POOL}/pool-attacks`,
    refusedBy: 'what waits is covered by what its account has, and a block is filled until nothing fits',
    cost: '0.037 GRN each, held while it waits and burnt when it fails',
  },
  {
    name: '64 deals in one message that is signed by another, out of sequence or not covered',
    file: `${POOL}/pool-attacks`,
    refusedBy: "the sender's own signature, its sequence and its cover are looked at before what it brings",
    cost: 'it is not taken at all',
  },
  {
    name: 'newcomers before a full pool of thousands',
    file: `${POOL}/create-pool`,
    refusedBy: 'lanes are kept in the order of what they can pay, and who enters pays an eighth more than the lowest',
    cost: 'one signature each; to enter, an eighth more each time',
  },
  {
    name: 'an hour of full blocks',
    file: `${STATE}/machine/full-blocks.slow`,
    refusedBy: 'each full block makes the next one an eighth dearer',
    cost: 'docs/economics.md, What attacks cost',
  },
  {
    name: 'filling blocks',
    file: `${STATE}/money/base-fee`,
    refusedBy: 'each full block makes the next one an eighth dearer',
    cost: 'docs/economics.md, What attacks cost',
  },
  {
    name: 'rewards for unproven time',
    file: `${STATE}/money/rewards`,
    refusedBy: 'an answer mints between two challenges that both had the sector in their lists, and nothing else does',
    cost: 'what was earned since the last answer',
  },
  {
    name: 'paying oneself',
    file: `${STATE}/money/rewards`,
    refusedBy: 'at most nine tenths of the fee that a payment burns are minted for it',
    cost: '2.5 % of what is paid, 0.5 % at the bound',
  },
  {
    name: 'settling twice',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'a deal keeps the epoch through which it is settled',
    cost: 'the fee of the message',
  },
  {
    name: 'withdrawing before the fee',
    file: `${STATE}/machine/attacks`,
    refusedBy: 'what free collateral lacks is a debt, which is paid by all that becomes free',
    cost: 'what was withdrawn, later',
  },

  // What a node answers, and whom
  {
    name: 'the node behind an address becomes one of another chain',
    file: 'chain/src/rpc/known-chain',
    refusedBy: 'every answer names its genesis, and a client uses nothing of another',
    cost: 'the address of a node that is asked; nothing is gained',
  },
  {
    name: 'what a node below a height that was seen does not know',
    file: 'chain/src/rpc/known-chain',
    refusedBy: 'every answer names its height; not found below a height that was seen is an outage',
    cost: 'a node of the chain; nothing is gained',
  },
  {
    name: 'showing an old state at the first read',
    file: 'chain/src/rpc/light',
    refusedBy: 'a head older than 30 s or ten blocks by the clock of the reader is not believed',
    cost: 'a node of the chain; nothing is gained',
  },
  {
    name: 'a node that says that all is over',
    file: 'provider/src/lying-node.slow',
    refusedBy: 'files are given up only for an end that is proven from the genesis',
    cost: 'the address of a node that is asked; nothing is gained, and nothing lost',
  },
  {
    name: 'sockets with one byte each',
    file: 'chain/src/rpc/limits',
    refusedBy: 'an address has 64 connections, headers have 15 s to arrive',
    cost: 'another address for each 64 connections',
  },
  {
    name: 'garbage by the megabyte',
    file: 'chain/src/rpc/limits',
    refusedBy: 'an address sends 64 MiB of transactions a minute',
    cost: 'another address for each 64 MiB a minute',
  },
  {
    name: 'three megabytes packed into three thousand bytes',
    file: 'chain/src/rpc/rpc',
    refusedBy: 'no body is unpacked, so what is counted on the wire is what is held',
    cost: 'nothing: it is not read',
  },
  {
    name: 'unfinished bodies',
    file: 'chain/src/rpc/limits',
    refusedBy: 'an address has 8 transactions on their way, each has 60 s to arrive',
    cost: 'another address for each 8 bodies',
  },
  {
    name: 'event streams by the hundred',
    file: 'chain/src/rpc/address-limits',
    refusedBy: 'an address has 16 event streams',
    cost: 'another address for each 16 streams',
  },
  {
    name: 'garbage that its envelope refuses',
    file: 'chain/src/engine/create-embedded-engine',
    refusedBy: 'balance, fee, key and challenge are looked up before anything is hashed',
    cost: 'it is not taken at all',
  },
  {
    name: 'garbage of a million small items',
    file: 'protocol/src/messages/transaction',
    refusedBy: 'a message has at most 65,536 items, counted before one is built',
    cost: 'it is not taken at all',
  },
  // Votes
  {
    name: 'no vote moves',
    file: `${STATE}/governance/proposals`,
    refusedBy: 'each parameter that a vote changes has bounds of its own, narrower than those of a genesis',
    cost: 'the fee of the message',
  },
  {
    name: 'no vote changes what challenges, locks and promises were made by',
    file: `${STATE}/governance/proposals`,
    refusedBy: 'those parameters stay what the genesis says until other rules count, which each operator installs',
    cost: 'the fee of the message',
  },
  {
    name: 'places of proposals are not filled for others',
    file: `${STATE}/governance/proposals`,
    refusedBy: 'only owners of validators submit, each one at a time',
    cost: 'a bond, a deposit and a voting period for each proposal',
  },
  {
    name: 'a proposal that nobody looks at costs its deposit',
    file: `${STATE}/governance/proposals`,
    refusedBy: 'the deposit is burnt when fewer than a third of all power vote',
    cost: 'the deposit',
  },
  {
    name: 'of two proposals about one parameter the later one does not undo the first unseen',
    file: `${STATE}/governance/proposals`,
    refusedBy: 'what is voted on is a step from one value to another, which is not made from elsewhere',
    cost: 'the deposits of both, if few vote',
  },
  {
    name: 'what was bonded after a proposal has no vote on it',
    file: `${STATE}/governance/voters`,
    refusedBy: 'who may vote, and with which power, is written down when a proposal is submitted',
    cost: 'the time for which the bond is locked',
  },
  {
    name: 'a bond that leaves before the votes are counted takes its vote along',
    file: `${STATE}/governance/voters`,
    refusedBy: 'a ballot counts with the lesser of the power then and at the count',
    cost: 'the place among the validators',
  },
  {
    name: 'a vote that is said again counts once',
    file: `${STATE}/governance/proposals`,
    refusedBy: 'an owner has one ballot for a proposal, and a transaction is in a block once',
    cost: 'a fee for each time',
  },
  // A node that joins
  {
    name: 'sending another chunk of a state',
    file: 'chain/src/engine/comet/state-sync',
    refusedBy: 'each chunk is held against the app hash when it comes; who has sent it is asked no more',
    cost: 'a place among the peers of the node that joins',
  },
  {
    name: 'offering the state of another height',
    file: 'chain/src/engine/comet/state-sync',
    refusedBy: 'its head has to lead to the app hash of the header behind that height, and says height and chunks',
    cost: 'a place among the peers of the node that joins',
  },
  {
    name: 'offering the state of another chain, or an older one',
    file: 'chain/src/engine/comet/state-sync',
    refusedBy: 'the genesis stands in the state; a node takes none behind its own, and none once it has blocks',
    cost: 'a third of the power of validators, for headers that a node would follow',
  },
  {
    name: 'speaking for a network with the key that made all blocks before it',
    file: 'protocol/src/light/chain-headers',
    refusedBy: 'once a header with votes was believed, none that is signed alone is at its height or above',
    cost: 'nothing; who has seen no vote yet believes that key as before',
  },
  // A provider's doors
  {
    name: 'a quote counts against the address that asks',
    file: 'provider/src/http/app',
    refusedBy: 'quotes are counted by who asks; the account that a quote names is not charged',
    cost: 'another address for each 256 quotes an hour',
  },
  {
    name: 'room is taken as bytes arrive',
    file: 'provider/src/http/uploads',
    refusedBy: 'creating an upload reserves nothing',
    cost: 'the line that brings the bytes',
  },
  {
    name: 'an account that cannot pay the quote brings no bytes',
    file: 'provider/src/http/uploads',
    refusedBy: 'before bytes are taken, the balance covers the quotes of all open uploads',
    cost: 'an account with the money for all that it stages',
  },
  {
    name: 'a reader that takes nothing',
    file: 'provider/src/http/watch-connections',
    refusedBy: 'a connection that is waited for moves 64 KiB in 30 s',
    cost: 'a new connection each 30 s for each of 16 downloads, from two addresses',
  },
  {
    name: 'a body that trickles in',
    file: 'provider/src/http/watch-connections',
    refusedBy: 'a connection that is waited for moves 64 KiB in 30 s',
    cost: 'a new connection each 30 s',
  },
  {
    name: '200 readers at one byte a second',
    file: 'provider/src/http/slow-readers.slow',
    refusedBy: 'an address has 8 downloads, all together 16, and each moves or ends',
    cost: 'a new connection each 30 s for each of 16 downloads, from two addresses',
  },
]
