# aatgs_add_workload(NAME [CPU_ONLY] SOURCES f.c ... [HOST_SOURCES g.c ...] [INCLUDES dir ...])
#
# Builds the workload NAME as a shared object NAME.so. SOURCES hold device code, written in the
# common ground of C11 and CUDA C++; exactly one of them includes loop.h. They are compiled by
# the C compiler for the cpu device and, where the project has enabled the CUDA language, once more by
# nvcc for cuda (for the architectures in CMAKE_CUDA_ARCHITECTURES); what only the host needs stands
# between `#if !defined(__CUDACC__)` and `#endif` there, or in HOST_SOURCES, which only the C
# compiler reads. INCLUDES are searched for headers. CPU_ONLY leaves nvcc out.
#
# The shared object carries a digest of what it was built from: the sources, and all headers that
# lie beside them or in INCLUDES.

# Sets ${result} to 16 hexadecimal digits over the contents of the files that make up a workload.
function(_aatgs_source_digest result sources includes)
  set(files "")
  set(folders "")
  foreach(source IN LISTS sources)
    get_filename_component(path ${source} ABSOLUTE)
    get_filename_component(folder ${path} DIRECTORY)
    list(APPEND files ${path})
    list(APPEND folders ${folder})
  endforeach()
  foreach(include IN LISTS includes)
    get_filename_component(folder ${include} ABSOLUTE)
    list(APPEND folders ${folder})
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(folder IN LISTS folders)
    file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.h ${folder}/*.cuh)
    list(APPEND files ${headers})
  endforeach()
  list(REMOVE_DUPLICATES files)

  # Sorted, so that neither the order nor the place of the files matters.
  set(digests "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(SHA256 ${file} digest)
    list(APPEND digests ${digest})
  endforeach()
  list(SORT digests)
  string(SHA256 digest "${digests}")
  string(SUBSTRING ${digest} 0 16 digest)
  set(${result} ${digest} PARENT_SCOPE)
endfunction()

function(aatgs_add_workload name)
  cmake_parse_arguments(arg "CPU_ONLY" "" "SOURCES;HOST_SOURCES;INCLUDES" ${ARGN})
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "aatgs_add_workload(${name}): give its sources: SOURCES f.c ...")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "aatgs_add_workload(${name}): what is `${arg_UNPARSED_ARGUMENTS}`? "
      "Known are CPU_ONLY, SOURCES, HOST_SOURCES and INCLUDES.")
  endif()
  set(sources ${arg_SOURCES} ${arg_HOST_SOURCES})
  _aatgs_source_digest(digest "${sources}" "${arg_INCLUDES}")

  add_library(${name} MODULE ${sources})
  set_target_properties(${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden
    C_STANDARD 11 C_STANDARD_REQUIRED ON)
  target_compile_definitions(${name} PRIVATE
    AATGS_WORKLOAD_SOURCE_DIGEST=UINT64_C\(0x${digest}\) _GNU_SOURCE)
  # No fused multiply-add: part of the determinism contract (port.h).
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:C>:-ffp-contract=off>)
  target_link_libraries(${name} PRIVATE aatgs::device)
  target_include_directories(${name} PRIVATE ${arg_INCLUDES})

  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(CUDA IN_LIST languages AND NOT arg_CPU_ONLY)
    _aatgs_add_cuda_code(${name} "${arg_SOURCES}")
  endif()
endfunction()

# The same sources once more, through nvcc. The C side learns from AATGS_WORKLOAD_CUDA that
# aatgs_cuda_launch() is there.
function(_aatgs_add_cuda_code name sources)
  set(text "/* Made by aatgs_add_workload(). */\n")
  foreach(source IN LISTS sources)
    get_filename_component(path ${source} ABSOLUTE)
    string(APPEND text "#include \"${path}\"\n")
  endforeach()
  set(unit ${CMAKE_CURRENT_BINARY_DIR}/${name}_cuda.cu)
  file(CONFIGURE OUTPUT ${unit} CONTENT "${text}" @ONLY)
  target_sources(${name} PRIVATE ${unit})
  target_compile_definitions(${name} PRIVATE AATGS_WORKLOAD_CUDA=1)
  # -lineinfo: profilers and sanitizers name lines; the code is the same.
  target_compile_options(${name} PRIVATE
    "$<$<COMPILE_LANGUAGE:CUDA>:-fmad=false;-lineinfo;--expt-relaxed-constexpr>")
  set_target_properties(${name} PROPERTIES CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON
    CUDA_VISIBILITY_PRESET hidden)
endfunction()
