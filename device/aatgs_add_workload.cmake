# aatgs_add_workload(NAME SOURCES f.c ... [INCLUDES dir ...])
#
# Builds the workload NAME as a shared object NAME.so from sources written for
# both devices: by the C compiler for the cpu device and, where CUDA is
# enabled, by nvcc for cuda.
get_filename_component(_aatgs_device_dir ${CMAKE_CURRENT_LIST_DIR} ABSOLUTE)

function(aatgs_add_workload name)
  cmake_parse_arguments(arg "" "" "SOURCES;INCLUDES" ${ARGN})
  set(digests "")
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(path ${source} ABSOLUTE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(SHA256 ${path} digest)
    string(APPEND digests ${digest})
  endforeach()
  string(SHA256 digest "${digests}")
  string(SUBSTRING ${digest} 0 16 digest)

  add_library(${name} MODULE ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden
    C_STANDARD 11 C_STANDARD_REQUIRED ON)
  target_compile_definitions(${name} PRIVATE
    AATGS_WORKLOAD_SOURCE_DIGEST=UINT64_C\(0x${digest}\) _GNU_SOURCE)
  target_compile_options(${name} PRIVATE -ffp-contract=off)
  if(TARGET aatgs::device)
    target_link_libraries(${name} PRIVATE aatgs::device)
  endif()
  target_include_directories(${name} PRIVATE ${arg_INCLUDES})
endfunction()
