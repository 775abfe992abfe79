// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/have_codec.hpp"

namespace boato {
namespace {

// No stream gets there, and no sum of two numbers below it wraps.
constexpr std::uint64_t seq_max = std::uint64_t{1} << 62;

}  // namespace

bool HaveWriter::add(StreamTag tag, Seq upto, std::span<const SeqRange> runs) {
  BOATO_CHECK(runs.size() <= RangeSet::ranges_max);
  if (entries_ == have_entries_max) return false;
  if (BOATO_MUTANT(166) && !runs.empty()) return add(tag, runs.back().last, {});  // claims the holes too
  ByteWriter out{room_.subspan(used_)};
  out.be(tag.raw());
  out.varint(upto.raw());
  out.varint(runs.size());
  Seq before = upto;
  for (const SeqRange& run : runs) {
    BOATO_CHECK(run.first > before && run.first <= run.last);
    out.varint(run.first.raw() - before.raw() - 1);
    out.varint(run.last.raw() - run.first.raw());
    before = run.last;
  }
  if (!out.ok()) return false;
  used_ += out.used();
  ++entries_;
  return true;
}

bool HaveReader::next(HaveEntry& entry) {
  if (!ok_ || in_.empty()) return false;
  ok_ = false;
  if (++entries_ > have_entries_max) return false;
  ByteReader in{in_};
  entry.tag = StreamTag{in.be<std::uint64_t>()};
  std::uint64_t before = in.varint();
  entry.upto = Seq{before};
  entry.runs.clear();
  const std::uint64_t runs = in.varint();
  if (!in.ok() || before > seq_max || runs > RangeSet::ranges_max) return false;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const std::uint64_t missing = in.varint(), more = in.varint();
    if (!in.ok() || missing > seq_max || more > seq_max || (i > 0 && missing == 0)) return false;
    const std::uint64_t first = before + 1 + missing;  // below 2^63 + 2
    if (first > seq_max || more > seq_max - first) return false;
    before = first + more;
    entry.runs.push_back({Seq{first}, Seq{before}});
  }
  in_ = in.rest();
  return ok_ = true;
}

bool well_formed_have(Bytes bytes) {
  HaveReader reader{bytes};
  HaveEntry entry;
  while (reader.next(entry)) {
  }
  return reader.ok();
}

}  // namespace boato
