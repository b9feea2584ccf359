# cmake -DOUTPUT=f.c -DASSETS=name=path;... -P embed.cmake: a C file that holds the files as
# aatgs_asset_NAME (html_assets.h), with their SHA-256. An empty path makes an asset of 0 bytes.
set(text "#include \"tools/html_assets.h\"\n")
foreach(pair IN LISTS ASSETS)
  string(REGEX MATCH "^([a-z0-9]+)=(.*)$" pair "${pair}")
  set(name ${CMAKE_MATCH_1})
  set(path "${CMAKE_MATCH_2}")
  if(path STREQUAL "")
    string(APPEND text "const aatgs_asset aatgs_asset_${name} = {0, 0, \"\"};\n")
    continue()
  endif()
  file(READ "${path}" bytes HEX)
  file(SHA256 "${path}" sha256)
  # "</script" would end the element that it is put into.
  if(bytes MATCHES "3c2f736372697074")
    message(FATAL_ERROR "${path} holds </script and cannot stand in a page")
  endif()
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
  string(APPEND text "static const unsigned char bytes_${name}[] = {\n${bytes}};\n"
    "const aatgs_asset aatgs_asset_${name} = {bytes_${name}, sizeof bytes_${name}, \"${sha256}\"};\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
