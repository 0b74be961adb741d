// The passes over kLanes sums at a time. Included once per ISA, in a namespace that defines Sums.

/**
 * Rotates the index of 16 · kLanes bytes, which has 4 + 3 bits, by one: after three rounds 8 rows
 * of 16 bytes are 16 rows of 8, and after four it is the other way round.
 */
inline void shuffle(Block* blocks) {
  Block next[kLanes];
  for (int i = 0; i < kLanes / 2; i++) {
    const Block a = blocks[i];
    const Block b = blocks[i + kLanes / 2];
    next[2 * i] = KARST_MIX_LOW_BYTES(a, b);
    next[2 * i + 1] = KARST_MIX_HIGH_BYTES(a, b);
  }
  for (int i = 0; i < kLanes; i++) blocks[i] = next[i];
}

std::size_t scratchOf(std::size_t in, std::size_t out) {
  return (3 * (in + out) + 4 * 16) * kLanes;
}

/**
 * kLanes rows at a time: their samples are transposed, so that neighbours in memory are one sample
 * of every row and have the same weight.
 */
void across(const std::uint8_t* const* in, std::size_t from, std::size_t pixels,
            const Weights& weights, std::uint8_t* const* out, std::uint8_t* scratch) {
  const std::size_t bytes = 3 * pixels;
  std::uint8_t* const columns = scratch;
  for (std::size_t at = 0; at < bytes; at += 16) {
    Block blocks[kLanes];
    for (int row = 0; row < kLanes; row++) {
      const std::uint8_t* const here = in[row] + 3 * from + at;
      if (bytes - at >= 16) {
        std::memcpy(&blocks[row], here, 16);
      } else {
        blocks[row] = Block{};
        std::memcpy(&blocks[row], here, bytes - at);
      }
    }
    for (int round = 0; round < 3; round++) shuffle(blocks);
    std::memcpy(columns + at * kLanes, blocks, sizeof blocks);
  }

  std::uint8_t* const made = scratch + (bytes + 16) * kLanes;
  for (std::size_t x = 0; x < weights.length; x++) {
    const std::uint8_t* sample = columns + 3 * (weights.first[x] - from) * kLanes;
    const std::int32_t* const weight = weights.values + x * weights.step;
    const std::int32_t count = weights.count[x];
    Sums red;
    Sums green;
    Sums blue;
    for (std::int32_t k = 0; k < count; k++, sample += 3 * kLanes) {
      red.add(sample, weight[k]);
      green.add(sample + kLanes, weight[k]);
      blue.add(sample + 2 * kLanes, weight[k]);
    }
    red.store(made + 3 * x * kLanes);
    green.store(made + (3 * x + 1) * kLanes);
    blue.store(made + (3 * x + 2) * kLanes);
  }

  for (std::size_t at = 0; at < 3 * weights.length; at += 16) {
    Block blocks[kLanes];
    std::memcpy(blocks, made + at * kLanes, sizeof blocks);
    for (int round = 0; round < 4; round++) shuffle(blocks);
    for (int row = 0; row < kLanes; row++) std::memcpy(out[row] + at, &blocks[row], 16);
  }
}

/** Four times kLanes bytes at a time, so that the sums stay in registers. */
void down(const std::uint8_t* const* in, const std::int32_t* weights, std::size_t count,
          std::size_t bytes, std::uint8_t* out) {
  constexpr std::size_t kAtOnce = 4 * kLanes;
  for (std::size_t at = 0; at < bytes; at += kAtOnce) {
    Sums a;
    Sums b;
    Sums c;
    Sums d;
    for (std::size_t k = 0; k < count; k++) {
      const std::uint8_t* const row = in[k] + at;
      a.add(row, weights[k]);
      b.add(row + kLanes, weights[k]);
      c.add(row + 2 * kLanes, weights[k]);
      d.add(row + 3 * kLanes, weights[k]);
    }
    std::uint8_t last[kAtOnce];
    std::uint8_t* const to = bytes - at < kAtOnce ? last : out + at;
    a.store(to);
    b.store(to + kLanes);
    c.store(to + 2 * kLanes);
    d.store(to + 3 * kLanes);
    if (to == last) std::memcpy(out + at, last, bytes - at);
  }
}
