// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/identity.hpp"

#include <utility>

namespace boato {

void wipe(void* memory, std::size_t bytes) noexcept {
  volatile unsigned char* at = static_cast<unsigned char*>(memory);
  for (std::size_t i = 0; i < bytes; ++i) at[i] = 0;
}

Identity::Identity(Identity&& other) noexcept { *this = std::move(other); }

Identity& Identity::operator=(Identity&& other) noexcept {
  if (this == &other) return *this;
  id = other.id;
  secret = other.secret;
  incarnation = other.incarnation;
  link_secret = other.link_secret;
  link_public = other.link_public;
  wipe(other.secret.data(), other.secret.size());
  wipe(other.link_secret.data(), other.link_secret.size());
  return *this;
}

Identity::~Identity() {
  wipe(secret.data(), secret.size());
  wipe(link_secret.data(), link_secret.size());
}

Identity make_identity(const Crypto& crypto, const Key32& seed, const Key32& link_entropy,
                       Incarnation incarnation) {
  Identity identity;
  crypto.sign_keypair(seed, identity.id, identity.secret);
  identity.incarnation = incarnation;
  identity.link_secret = link_entropy;
  crypto.dh_public(identity.link_secret, identity.link_public);
  return identity;
}

}  // namespace boato
