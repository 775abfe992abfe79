// SPDX-License-Identifier: Apache-2.0
// Noise handshakes with known keys and known bytes, re-typed as data.
// Sources: mcginty/snow, tests/vectors/cacophony.txt (first made by haskell-cryptography/cacophony) for XX and XXpsk3;
//          mcginty/snow, tests/vectors/snow-multipsk.txt for XXpsk0+psk3, which has no handshake hash and no transport messages.
// What the file calls handshake_hash is not the final hash: for XX it is the one after message 2, for XXpsk3 the one after the static
// key of message 3, so `hash_covers` tells how many bytes of message 3 are in it. Every other byte agrees with the specification.
// Messages alternate by index, the initiator's first; from the fourth on they are transport messages. A psks list is used in token order.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace boato::vectors {

struct NoiseMessage {
  std::string_view payload, ciphertext;
};

struct NoiseVector {
  std::string_view protocol;
  std::string_view prologue;
  std::array<std::string_view, 2> psks;
  std::string_view init_static, init_ephemeral, resp_static, resp_ephemeral;
  std::string_view handshake_hash;
  std::size_t hash_covers;
  std::array<NoiseMessage, 6> messages;
};

inline constexpr std::array<NoiseVector, 3> noise{{
    {"Noise_XX_25519_ChaChaPoly_BLAKE2b",
     "4a6f686e2047616c74",
     {},
     "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
     "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
     "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
     "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
     "5d255b0a6984cb7ae5d69b077509225519546d843a7043057865a4086618cf70"
     "3530f79be531f87f536a986f85890e95d820dfa5842ec0f79c4da5ea63bbf924",
     0,
     {{{"4c756477696720766f6e204d69736573",
        "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573"},
       {"4d757272617920526f746862617264",
        "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088430505b6745ce64a5f33f0e8e3b83f11ce"
        "8802bca507f4f2d8b564dbe277e1966116e132faa2dfd70b8b077b9f94b913df5056ae1319469b824a98d54bbaa82c32"
        "5595587064f978c4b6d104f7596e6f"},
       {"462e20412e20486179656b",
        "99579e1c1ee15e422a57ddd6b16d37087b17558e8369c18991b4b2ca3a824abf904cdcf5458b5431a75af034ca9e9b98"
        "2de039eaaf156775e2d580cd4e5ebae89c3f8cb2594b556d8a8169"},
       {"4361726c204d656e676572", "fc56eea290b3f3a21aac0c70cd5787b5ee99be37d2f4d751329b55"},
       {"4a65616e2d426170746973746520536179", "bb31c9da10d5639a4cdb88a12f5c61de41bbc7df09bf75d94f8184fe4157f5c68f"},
       {"457567656e2042f6686d20766f6e2042617765726b",
        "f6199cadb152fb27f82be0a0891ec76a33598ae92a46cab2fb5a8ed5bf48b7f267f8370af7"}}}},

    {"Noise_XXpsk3_25519_ChaChaPoly_BLAKE2b",
     "4a6f686e2047616c74",
     {"54686973206973206d7920417573747269616e20706572737065637469766521", ""},
     "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
     "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
     "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
     "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
     "a353d573f15dbbf8cd3f6bb7efbf93823ec4c85216b67c890d68e51ab8a7ff75"
     "57a1039793e36fe13a64c8d4fabda1c5a1fb50fe2425bbc0e3757265f3c2745a",
     32 + 16,
     {{{"4c756477696720766f6e204d69736573",
        "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79440aa831d1e3bbd16bd7ffda87e9f7b6ee"
        "ca2510006499a573ac27af3392ed1b69"},
       {"4d757272617920526f746862617264",
        "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381a78489d56c9e2ac962826f25684980"
        "b25244dbfd505b7d903a94d4f4fd84004a1c7fbe94d686bc4c1f67259364f6f2a41cb40bf5198b9b3975be2cdd49d3e0"
        "65a554e12c477d82029fabc6555bc1"},
       {"462e20412e20486179656b",
        "291dfeff6eff386e29adb0bdbd5a1ae9e09de4449c8695d109adcb63e80e489555792a3e9150eff75d6d45571f824ed2"
        "31173cb66e31e7da914241f86d0cbb678335ffe768a7445d2f5bc1"},
       {"4361726c204d656e676572", "6579dd60eb5e6a8b29dd60004289f5d3c2f69fcdbf683a869f59a8"},
       {"4a65616e2d426170746973746520536179", "24715fd39c3c7606e81b26e69e47b54d043d9d87c512f9417bae51ab48ebb17722"},
       {"457567656e2042f6686d20766f6e2042617765726b",
        "e49194a013d873712318643acbf0e3851086326bb168c500a766439ff543a7a1e2deb3215c"}}}},

    {"Noise_XXpsk0+psk3_25519_ChaChaPoly_BLAKE2b",
     "5468657265206973206e6f20726967687420616e642077726f6e672e2054686572652773206f6e6c792066756e20616e6420626f72696e"
     "672e",
     {"54ff9b04472912f1f2b870ef605f3310ad0029454aff925adc68cc1888e1d7a9",
      "a4b725b9e24441cbef1dd1d5e89aba5282c675ea0295ea020669c1d76c214ae3"},
     "1aac975036e8934f1955668a94f4a8b8ced3227dddf827c38dfc4cc623a13018",
     "d4b7d2317049ec215ece4db5d371ee9a54ac0e507f484c12a47c5132aa268883",
     "ff66deb944276624825a6bc61d24c0f6342b23d9e968bd0f2f1e9cbd927ebffb",
     "d6c0e5d78995cf7710c3e753687d9e24b9740aa7f9f07f216ff20dabb074fd98",
     "",
     0,
     {{{"3b9a847b1738fa6f4fd4d4ad6fcc28e70ca7f2aa31c3a9d5ef8d5b178e04524c",
        "b0874a3aacb146ddd3b66478c4c609c4fe6ae03963118dfb66dc898eba462233cd9526edbe4e366d1008a0ed09564edc"
        "d1f45772dd8ef4f6163c2a534e594131d50f7b5fc9c5a5bedb3673ec360f6a67"},
       {"a9351fc7fe78abb5345dd3c1de91be29bf98048c73e3fdfaa7cf386d19bee9aa",
        "babe94ed1883d7617d7f5f305963025654180a4aebc30bbcb1e39120f4e2067245abda24e5866709ba49b41d3f69ceaa"
        "9d6cdd133ec070e91b8e13ff94f77b15623e1d3c306793416e76865653586125b91cc212b06521d24dfcb3dd52adf980"
        "f7903a3d9e559f370ff41720ba26bf79f59a642fd269eda457ceaf3a66f05d1e"},
       {"3d0228a174e2f3636f7533c47dc552561740ace99b32f78973f3b6008b7c36e5",
        "9c40bc062c5b9daa206a2b8e6bc7a1911e7edc406ad4e50d3686576ffc5abf8fadc4a5c8630ba8d127a24046f111677b"
        "ed04e5a923743b08d6707bbf6ed1044693671c0913ffb67084153ba4ff69eee402c6321cb62712cb999e38fa382b19e2"},
       {},
       {},
       {}}}},
}};

}  // namespace boato::vectors
