// The data sets of collectd 5.12. PUTVAL lines carry neither the names nor the kinds of a type's data sources.

import { readFile } from 'node:fs/promises';
import type { SourceKind } from './value-list.ts';

/** A data source of a type; see types.db(5). */
export interface SourceSpec {
  readonly name: string;
  readonly kind: SourceKind;
}

/** By type name. */
export type DataSets = ReadonlyMap<string, readonly SourceSpec[]>;

/**
 * Parses a types.db. Each line is a data set, such as `if_octets  rx:DERIVE:0:U, tx:DERIVE:0:U`.
 *
 * @throws Error that names the line
 */
export function parseDataSets(typesDb: string): DataSets {
  const lines = typesDb.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }));
  return new Map(
    lines
      .filter(({ line }) => line !== '' && !line.startsWith('#'))
      .map(({ line, number }) => {
        const [type = '', ...specs] = line.split(/[\s,]+/).filter((word) => word !== '');
        return [type, specs.map((spec) => specOf(spec, number))] as const;
      }),
  );
}

/** A types.db that cannot be read or parsed. */
class WrongTypesDb extends Error {
  readonly exitCode = 78;
  override readonly name = 'WrongTypesDb';
}

/**
 * The data sets of collectd 5.12, overridden by those of the types.db at `path`.
 *
 * @throws WrongTypesDb
 */
export async function readDataSets(path: string | undefined): Promise<DataSets> {
  if (path === undefined) return defaultDataSets();
  try {
    return new Map([...defaultDataSets(), ...parseDataSets(await readFile(path, 'utf8'))]);
  } catch (error) {
    throw new WrongTypesDb(`collectd-types: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function specOf(spec: string, line: number): SourceSpec {
  const [, name, kind] = /^([^:]+):(gauge|derive|counter|absolute)(?::|$)/i.exec(spec) ?? [];
  if (name === undefined || kind === undefined)
    throw new Error(`line ${line}: expected name:GAUGE|DERIVE|COUNTER|ABSOLUTE:min:max, found ${spec}`);
  return { name, kind: kind.toLowerCase() as SourceKind };
}

/** The types.db of collectd 5.12. */
export function defaultDataSets(): DataSets {
  const single = Object.entries(singleValueTypes).flatMap(([kind, types]) =>
    types
      .trim()
      .split(/\s+/)
      .map((type) => `${type} value:${kind}`),
  );
  return parseDataSets([...single, multiValueTypes].join('\n'));
}

const singleValueTypes: Readonly<Record<SourceKind, string>> = {
  gauge: `
apache_connections apache_idle_workers apache_scoreboard ath_nodes backends bad_peb_count bitrate blocked_clients bool
bucket buffer bytes cache_ratio cache_size capacity ceph_bytes ceph_latency changes_since_last_save charge
clock_last_meas clock_last_update clock_mode clock_reachability clock_skew_ppm clock_state clock_stratum
compression_ratio conntrack controller count cpu_affinity cpufreq current current_connections current_sessions delay
delay_rate df_complex df_inodes dilution_of_precision disk_allocation disk_capacity disk_error disk_physical
dns_qtype_cached email_check email_count email_size energy energy_wh entropy fanspeed file_handles file_size files
flow freepages frequency frequency_error frequency_offset gauge health humidity ib_cap_mask ib_lid ib_lid_mask_count
ib_phys_state ib_rate ib_sm_lid ib_sm_sl ib_state ipc latency links max_ec media md_disks memcached_connections
memcached_items memory memory_lua multimeter mysql_bpool_bytes mysql_bpool_pages nginx_connections node_rssi
node_tx_rate objects operations_per_second pending_operations percent percent_bytes percent_inodes pf_states
pg_db_size pg_n_tup_g pg_numbackends ping ping_droprate ping_stddev players pools power pressure ps_code ps_data
ps_rss ps_stacksize ps_state ps_vm pstates_enabled pubsub queue_length records requests response_code response_time
root_delay root_dispersion route_etx route_metric routes satellites segments signal_noise signal_power signal_quality
slurm_job_state slurm_node_state slurm_cycle_last slurm_last_cycle_depth smart_badsectors smart_powercycles
smart_poweron smart_temperature nvme_critical_warning nvme_temperature nvme_avail_spare nvme_avail_spare_thresh
nvme_percent_used nvme_endu_grp_crit_warn_sumry nvme_data_units_read nvme_data_units_written nvme_host_commands_read
nvme_host_commands_written nvme_ctrl_busy_time nvme_power_cycles nvme_power_on_hours nvme_unsafe_shutdowns
nvme_media_errors nvme_num_err_log_entries nvme_warning_temp_time nvme_critical_comp_time nvme_temp_sensor
nvme_thermal_mgmt_temp1_transition_count nvme_thermal_mgmt_temp1_total_time nvme_thermal_mgmt_temp2_transition_count
nvme_thermal_mgmt_temp2_total_time nvme_program_fail_count nvme_erase_fail_count nvme_wear_leveling
nvme_end_to_end_error_detection_count nvme_crc_error_count nvme_timed_workload_timer nvme_timed_workload_media_wear
nvme_timed_workload_host_reads nvme_thermal_throttle_status nvme_retry_buffer_overflow_count nvme_pll_lock_loss_count
nvme_nand_bytes_written nvme_host_bytes_written snr spam_check spam_score spl swap sysevent tcp_connections tdp
temperature threads time_dispersion time_offset time_offset_ntp time_offset_rms time_ref timeleft timestamp
turbo_enabled uptime uncore_ratio users vcl vcpu vmpage_number volatile_changes voltage vs_memory vs_processes
vs_threads arc_l2_size arc_ratio`,
  derive: `
apache_bytes apache_requests ath_stat cache_eviction cache_operation cache_result ceph_rate commands connections
contextswitch cookies cpu derive disk_ops_complex dns_answer dns_notify dns_opcode dns_qtype dns_query dns_question
dns_rcode dns_reject dns_request dns_resolver dns_response dns_transfer dns_update dns_zops drbd_resource errors
evicted_keys expired_keys filter_result fork_rate fscache_stat hash_collisions http_request_methods http_requests
http_response_codes ib_errors ib_link_error_recovery ib_xmit_wait if_collisions if_multicast if_rx_dropped
if_rx_errors if_rx_nohandler if_rx_octets if_rx_packets if_tx_dropped if_tx_errors if_tx_octets if_tx_packets
invocations ipt_bytes ipt_packets irq job_stats memory_bandwidth memcached_command memcached_ops memory_throttle_count
mutex_operations mysql_bpool_counters mysql_commands mysql_handler mysql_innodb_data mysql_innodb_dblwr
mysql_innodb_log mysql_innodb_pages mysql_innodb_row_lock mysql_innodb_rows mysql_locks mysql_log_position
mysql_select mysql_sort mysql_sort_merge_passes mysql_sort_rows mysql_slow_queries nfs_procedure nginx_requests
node_stat operations packets perf pf_counters pf_limits pf_source pf_state pg_blks pg_n_tup_c pg_scan pg_xact
protocol_counter redis_command_cputime slurm_backfilled_jobs slurm_cycles slurm_cycle_duration slurm_cycle_depth
slurm_job_stats slurm_queue_length swap_io total_bytes total_connections total_events total_objects total_operations
total_requests total_sessions total_threads total_time_in_ms total_values transitions virt_cpu_total virt_vcpu
vmpage_action`,
  counter: `
counter dpdk_telemetry`,
  absolute: `
absolute`,
};

const multiValueTypes = `
compression uncompressed:derive compressed:derive
df used:gauge free:gauge
disk_io_time io_time:derive weighted_io_time:derive
disk_latency read:gauge write:gauge
disk_merged read:derive write:derive
disk_octets read:derive write:derive
disk_ops read:derive write:derive
disk_time read:derive write:derive
dns_octets queries:derive responses:derive
domain_state state:gauge reason:gauge
duration seconds:gauge
ib_octets rx:derive tx:derive
ib_packets rx:derive tx:derive
if_dropped rx:derive tx:derive
if_errors rx:derive tx:derive
if_octets rx:derive tx:derive
if_packets rx:derive tx:derive
io_octets rx:derive tx:derive
io_ops read:derive write:derive
io_packets rx:derive tx:derive
load shortterm:gauge midterm:gauge longterm:gauge
memcached_octets rx:derive tx:derive
mysql_octets rx:derive tx:derive
node_octets rx:derive tx:derive
ps_count processes:gauge threads:gauge
ps_cputime user:derive syst:derive
ps_disk_octets read:derive write:derive
ps_disk_ops read:derive write:derive
ps_pagefaults minflt:derive majflt:derive
serial_octets rx:derive tx:derive
smart_attribute current:gauge worst:gauge threshold:gauge pretty:gauge
vf_broadcast vf_value:derive
vf_bytes vf_rx:derive vf_tx:derive
vf_dropped vf_rx:derive vf_tx:derive
vf_link_info vf_value:gauge
vf_multicast vf_value:derive
vf_packets vf_rx:derive vf_tx:derive
vmpage_faults minflt:derive majflt:derive
vmpage_io in:derive out:derive
voltage_threshold value:gauge threshold:gauge
arc_counts demand_data:counter demand_metadata:counter prefetch_data:counter prefetch_metadata:counter
arc_l2_bytes read:counter write:counter
arc_size current:gauge target:gauge minlimit:gauge maxlimit:gauge
mysql_qcache hits:counter inserts:counter not_cached:counter lowmem_prunes:counter queries_in_cache:gauge
mysql_threads running:gauge connected:gauge cached:gauge created:counter
`;
