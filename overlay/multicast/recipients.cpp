// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/recipients.hpp"

#include "overlay/base/mix.hpp"
#include "overlay/wire/selective_messages.hpp"

namespace boato {

std::uint16_t interest_tag(std::string_view interest) {
  std::uint64_t h = interest.size();
  for (const char c : interest) h = mix(h ^ static_cast<unsigned char>(c)) + 1;
  const auto tag = static_cast<std::uint16_t>(h >> 48);
  return tag == 0 ? std::uint16_t{1} : tag;
}

void write_recipients(std::span<const Recipient> list, ByteWriter& out) {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    BOATO_CHECK(i == 0 || list[i].name > last);
    out.varint(list[i].name - last);
    out.be(list[i].tag);
    if (list[i].tag != 0) out.varint(list[i].skip);
    last = list[i].name;
  }
}

bool read_recipients(Bytes bytes, std::vector<Recipient>& out) {
  out.clear();
  ByteReader in{bytes};
  std::uint64_t last = 0;
  while (in.left() > 0) {
    Recipient r;
    const std::uint64_t step = in.varint();
    if (!in.ok() || step >= name_end - last || (step == 0 && !out.empty())) return false;
    r.name = last += step;
    r.tag = in.be<std::uint16_t>();
    if (r.tag != 0) r.skip = in.varint();
    if (!in.ok() || out.size() == wire::recipients_max) return false;
    out.push_back(r);
  }
  return !out.empty();
}

}  // namespace boato
