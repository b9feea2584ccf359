#include "host/window.h"

#include "device/order.h"

#define VK_NO_PROTOTYPES
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vulkan.h>

#define GPUS_MAX   16u
#define UUID_BYTES VK_UUID_SIZE
#define WINDOW_KIND                                                                                \
  (VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |                     \
   VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
#define HANDLE VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT

/* A GPU as Vulkan knows it. Kept while the process lives: to open one beside a spinning kernel
 * would wait for it, and to close one would, too. */
typedef struct gpu {
  uint8_t uuid[UUID_BYTES];
  VkPhysicalDevice physical;
  VkDevice device; /* opened with the first window */
  uint32_t memory_type;
  PFN_vkAllocateMemory allocate;
  PFN_vkFreeMemory release;
  PFN_vkMapMemory map;
  PFN_vkGetMemoryFdKHR get_fd;
} gpu;

/* Under the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static PFN_vkGetInstanceProcAddr instance_function;
static VkInstance instance;
static gpu gpus[GPUS_MAX];
static uint32_t gpu_count;

static int no_window(aatgs_error *error, const char *why, VkResult rc)
{
  return aatgs_error_set(error, AATGS_ENOTSUP, (int)rc, rc ? "%s (VkResult %d)" : "%s", why,
                         (int)rc);
}

#define INSTANCE(name) ((PFN_##name)(void (*)(void))instance_function(instance, #name))

static int load(aatgs_error *error)
{
  if (instance)
    return 0;
  void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return no_window(error, "there is no Vulkan loader (libvulkan.so.1)", VK_SUCCESS);
  void *symbol = dlsym(library, "vkGetInstanceProcAddr");
  memcpy(&instance_function, &symbol, sizeof symbol);
  const PFN_vkCreateInstance create = INSTANCE(vkCreateInstance);
  const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                         .pApplicationName = "aatgs",
                                         .apiVersion = VK_API_VERSION_1_1};
  const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                     .pApplicationInfo = &application};
  const VkResult rc = create(&info, NULL, &instance);
  if (rc) {
    instance = NULL;
    return no_window(error, "Vulkan does not start: is its driver for this GPU installed?", rc);
  }
  VkPhysicalDevice found[GPUS_MAX];
  uint32_t count = GPUS_MAX;
  const VkResult listed = INSTANCE(vkEnumeratePhysicalDevices)(instance, &count, found);
  for (uint32_t i = 0; i < count && (listed == VK_SUCCESS || listed == VK_INCOMPLETE); i++) {
    VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id};
    INSTANCE(vkGetPhysicalDeviceProperties2)(found[i], &properties);
    memcpy(gpus[gpu_count].uuid, id.deviceUUID, UUID_BYTES);
    gpus[gpu_count++].physical = found[i];
  }
  return 0;
}

static int pick_memory(gpu *g, aatgs_error *error)
{
  VkPhysicalDeviceMemoryProperties memory;
  INSTANCE(vkGetPhysicalDeviceMemoryProperties)(g->physical, &memory);
  for (uint32_t i = 0; i < memory.memoryTypeCount; i++) {
    if ((memory.memoryTypes[i].propertyFlags & WINDOW_KIND) == WINDOW_KIND) {
      g->memory_type = i;
      return 0;
    }
  }
  return no_window(error, "the GPU shows the host none of its memory", VK_SUCCESS);
}

static int open_gpu(gpu *g, aatgs_error *error)
{
  if (g->device)
    return 0;
  int rc = pick_memory(g, error);
  if (rc)
    return rc;
  const float priority = 1.0f;
  const char *const extension = VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME;
  const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                         .queueCount = 1,
                                         .pQueuePriorities = &priority};
  const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                   .queueCreateInfoCount = 1,
                                   .pQueueCreateInfos = &queue,
                                   .enabledExtensionCount = 1,
                                   .ppEnabledExtensionNames = &extension};
  const VkResult created = INSTANCE(vkCreateDevice)(g->physical, &info, NULL, &g->device);
  if (created) {
    g->device = NULL;
    return no_window(error, "Vulkan does not open the GPU", created);
  }
  const PFN_vkGetDeviceProcAddr function = INSTANCE(vkGetDeviceProcAddr);
  g->allocate = (PFN_vkAllocateMemory)(void (*)(void))function(g->device, "vkAllocateMemory");
  g->release = (PFN_vkFreeMemory)(void (*)(void))function(g->device, "vkFreeMemory");
  g->map = (PFN_vkMapMemory)(void (*)(void))function(g->device, "vkMapMemory");
  g->get_fd = (PFN_vkGetMemoryFdKHR)(void (*)(void))function(g->device, "vkGetMemoryFdKHR");
  return 0;
}

static int open_window(gpu *g, size_t bytes, aatgs_window *window, aatgs_error *error)
{
  VkDeviceMemory memory = VK_NULL_HANDLE;
  void *host = NULL;
  const VkExportMemoryAllocateInfo handle = {.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
                                             .handleTypes = HANDLE};
  const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                     .pNext = &handle,
                                     .allocationSize = bytes,
                                     .memoryTypeIndex = g->memory_type};
  VkResult rc = g->allocate(g->device, &info, NULL, &memory);
  if (rc)
    return no_window(error, "the GPU has no such memory left", rc);
  rc = g->map(g->device, memory, 0, VK_WHOLE_SIZE, 0, &host);
  const VkMemoryGetFdInfoKHR ask = {
      .sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR, .memory = memory, .handleType = HANDLE};
  if (!rc)
    rc = g->get_fd(g->device, &ask, &window->fd);
  if (rc) {
    g->release(g->device, memory, NULL);
    return no_window(error, "Vulkan does not map the GPU's memory", rc);
  }
  window->host = host;
  window->bytes = bytes;
  window->driver = g;
  window->memory = (void *)memory;
  return 0;
}

int aatgs_window_open(const void *uuid, size_t bytes, aatgs_window *window, aatgs_error *error)
{
  const size_t page = 65536; /* of a GPU */
  *window = (aatgs_window){.fd = -1};
  if (!aatgs_has_line_stores())
    return no_window(error, "the processor has no MOVDIR64B to write a cache line whole",
                     VK_SUCCESS);
  pthread_mutex_lock(&mutex);
  int rc = load(error);
  gpu *g = NULL;
  for (uint32_t i = 0; !rc && !g && i < gpu_count; i++)
    if (!memcmp(gpus[i].uuid, uuid, UUID_BYTES))
      g = &gpus[i];
  if (!rc && !g)
    rc = no_window(error, "Vulkan does not know this GPU", VK_SUCCESS);
  if (!rc)
    rc = open_gpu(g, error);
  if (!rc)
    rc = open_window(g, (bytes + page - 1) / page * page, window, error);
  pthread_mutex_unlock(&mutex);
  return rc;
}

void aatgs_window_close(aatgs_window *window)
{
  gpu *g = window->driver;
  if (!window->host)
    return;
  if (window->fd >= 0)
    close(window->fd);
  pthread_mutex_lock(&mutex);
  g->release(g->device, (VkDeviceMemory)window->memory, NULL);
  pthread_mutex_unlock(&mutex);
  *window = (aatgs_window){.fd = -1};
}
