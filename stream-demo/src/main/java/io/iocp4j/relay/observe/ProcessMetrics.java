package io.iocp4j.relay.observe;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.lang.management.RuntimeMXBean;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.function.ToLongFunction;

/** The metrics of the process and of the virtual machine, under the names that dashboards for Java know. */
final class ProcessMetrics {
    private ProcessMetrics() {
    }

    static void declare(Metrics metrics) {
        process(metrics);
        memory(metrics);
        threads(metrics);
        collectors(metrics);
    }

    private static void process(Metrics metrics) {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        RuntimeMXBean runtime = ManagementFactory.getRuntimeMXBean();
        metrics.readCounter("process_cpu_seconds_total", "Processor time of the process, in seconds.",
                out -> out.add(system.getProcessCpuTime() / 1e9));
        metrics.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.",
                out -> out.add(runtime.getStartTime() / 1e3));
        metrics.gauge("process_virtual_memory_bytes", "Memory that the process has reserved.",
                out -> out.add(system.getCommittedVirtualMemorySize()));
        if (system instanceof UnixOperatingSystemMXBean unix) {
            metrics.gauge("process_open_fds", "Open file descriptors.",
                    out -> out.add(unix.getOpenFileDescriptorCount()));
            metrics.gauge("process_max_fds", "Limit of open file descriptors.",
                    out -> out.add(unix.getMaxFileDescriptorCount()));
        }
        metrics.gauge("jvm_info", "The virtual machine; its value is always 1.",
                out -> out.add(1, Runtime.version().toString(), runtime.getVmVendor(), runtime.getVmName()),
                "version", "vendor", "runtime");
    }

    private static void memory(Metrics metrics) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        area(metrics, "jvm_memory_used_bytes", "Used memory.", memory, MemoryUsage::getUsed);
        area(metrics, "jvm_memory_committed_bytes", "Memory that is reserved for use.", memory,
                MemoryUsage::getCommitted);
        area(metrics, "jvm_memory_max_bytes", "Limit of the memory; -1 if there is none.", memory,
                MemoryUsage::getMax);
        List<BufferPoolMXBean> pools = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class);
        metrics.gauge("jvm_buffer_pool_used_bytes", "Memory of buffers outside the heap.",
                out -> pools.forEach(pool -> out.add(pool.getMemoryUsed(), pool.getName())), "pool");
        metrics.gauge("jvm_buffer_pool_used_buffers", "Buffers outside the heap.",
                out -> pools.forEach(pool -> out.add(pool.getCount(), pool.getName())), "pool");
    }

    private static void area(Metrics metrics, String name, String help, MemoryMXBean memory,
            ToLongFunction<MemoryUsage> value) {
        metrics.gauge(name, help, out -> {
            out.add(value.applyAsLong(memory.getHeapMemoryUsage()), "heap");
            out.add(value.applyAsLong(memory.getNonHeapMemoryUsage()), "nonheap");
        }, "area");
    }

    private static void threads(Metrics metrics) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        ClassLoadingMXBean classes = ManagementFactory.getClassLoadingMXBean();
        metrics.gauge("jvm_threads_current", "Platform threads.", out -> out.add(threads.getThreadCount()));
        metrics.gauge("jvm_threads_daemon", "Platform threads that do not keep the process running.",
                out -> out.add(threads.getDaemonThreadCount()));
        metrics.gauge("jvm_threads_peak", "The most platform threads at one time.",
                out -> out.add(threads.getPeakThreadCount()));
        metrics.gauge("jvm_classes_currently_loaded", "Classes that are loaded.",
                out -> out.add(classes.getLoadedClassCount()));
    }

    private static void collectors(Metrics metrics) {
        List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
        metrics.summary("jvm_gc_collection_seconds", "Garbage collections and their time, in seconds.",
                out -> collectors.forEach(gc -> {
                    out.add(gc.getCollectionCount(), gc.getName());
                    out.add(gc.getCollectionTime() / 1e3, gc.getName());
                }), "gc");
    }
}
