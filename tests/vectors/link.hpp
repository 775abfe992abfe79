// SPDX-License-Identifier: Apache-2.0
// A whole link, open and closed: every byte on the wire until the first frame. Made by make_link.py, a second implementation (on
// hashlib and the cryptography package), which shares no line with ours.
// key(n) = 32 bytes, byte i = n * 31 + i * 7 + 1. Seeds of the identities: key(1) dials, key(2) listens. Link secrets: key(101),
// key(102). Ephemerals: key(50), key(51). Network key: key(40). Network id: 32 times 7. Incarnations 1 and 2, features 3 and 6,
// peer records "first" and "second record". The frame: "hello", class reliable, from the dialler.
#pragma once

#include <array>
#include <string_view>

namespace boato::vectors {

struct LinkVector {
  bool closed;
  std::string_view preface_and_message_1, message_2, message_3, confirm, frame;
  std::string_view link_tag;
};

inline constexpr std::array<LinkVector, 2> links{{
    {true,
     "424f4154010101000030f1bc512ca0a1836fc49700283a2ad5b8c02bd06b10f3df40a99e2a012af9c7568be460eb71be"
     "96356161adaae850e501",
     "00e27649b1c2f121719e286d2f52f47f4c30a33a1c0c0badb72e945cdad191b3d87a6e02f704391011c6836e0941a091"
     "e28479e8c8ca4fd4107a5d45877f948db5f5cbdfb19a7b4a7f7609523f58312e7057ff62fc50ef8df99907abfa54b7cc"
     "824cf46a5d09ee0d21a8355915b9fd9a36f3e5f945d807e3d05a9f51c86ab7cbfd2017e21c97c28a52ddec14419cd647"
     "fe314d476efa11fb8d338ff5f5a3c8640326c84dcf75bb2047f5287b1e259a1bf4b473a5ace1c3e7a8313aca77ad2cd1"
     "c26e72d4f5ab6a43f5cbd9d5bfa0a2ce2aea140d7348772a8791030a31d2a052f2d85d5f",
     "00baadb5c4e93270c70593be526557fabd04c4a3a5a44802f763fc08a3c1bc4d2610e4b8c1e333254e662783fd6071be"
     "06890d45f6d0df2a7158ee46ec41ad8bc1856799980c763eaa6e0f5a6ff3a22b430b60ccf3eac24eaec9c6266aa3e14d"
     "76c1fe4668b162cd9428658593c63cf6c5e5b6f508d40619e29da51efb9acee2fbb8502943b3c8ad86201674d8fe8f43"
     "f047b093389fa96ea625eafab00ba2af6ff6a2135219679abd2122955f0193c28d4f69226295ab3ba160b91e",
     "00318712ee1ff36ee122133b32dfa61da033741542e19eaa583050b2d95260bc145b412510b6f48ecaa589665fca6a4f"
     "921c50",
     "001a97900b96a4c990365e552a66fa809abc67823fe892d568515a9d",
     "7f9e1aa6ca0b018b1cba046dba474228"},
    {false,
     "424f4154010100000020f1bc512ca0a1836fc49700283a2ad5b8c02bd06b10f3df40a99e2a012af9c756",
     "00e27649b1c2f121719e286d2f52f47f4c30a33a1c0c0badb72e945cdad191b3d87a4ff8dcaaa652f4a167279a9c3a4e"
     "ee9c12889c25f651ec8b0d183bd4583c56cd1441d8cab47d9e682e253fd537ccb860324b3d73d305c9baf3060c969cd0"
     "83ee4b3abfef672ad5374887b19c8310f9576bffc1392c6d5045232ef29465cb1d2d3e16d7dee6ab0af7bb04181fbda4"
     "37a7cd61053d6b54db5c8851fa7761a5127abb499904e70bd97e024f067ceb944f75b148a491c136cac4c9479794c55a"
     "60e18a518d6a57aec729c2679f1ebc013ba299a61973ff5c6e9d1dd8b49d43d26e53f94b",
     "00baad36a975db932185e9cca23423054aeb29b670eb5aebe7527b876512c087084d523c02c801d0035ba769c557859a"
     "b843922e4334e6fe2ecbd2ad54b9cd80b3962bd9840096053a15e63c35419ad6d8b78dea938b620fd75aaf1c9288fae5"
     "3178538bf6ec8867cfdb2763308e6fb8bd1f0e8993f9818e66797477f4cc8ec7a129c5021da177db3c71e0f2955f5cbf"
     "cc1876cbf734d8f4d701833014312c791f880c1afadeb8ddf083c1a000036b022eb4c6a54f14334ec8560a36",
     "00319731c84864dd049bd05ef9bd231c94b44fa3ab97a77c6cd2a05faf4a31e77455e72cb5d8de7b707dd0598ca82bf9"
     "19e4be",
     "001a5a3b277e9c1ef4ef9a3ecbca0ecac0357a25170418da0a8888d3",
     "381e395d28c935cb3250fbcdb7bb8b57"},
}};

}  // namespace boato::vectors
