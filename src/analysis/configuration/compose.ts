/** Compose files: services with the rights of the host, images without a version. */
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import type { YamlNode } from '../reading/read-yaml.ts';
import { readYaml } from '../reading/read-yaml.ts';
import * as rules from './rules.ts';

export const isCompose = (path: string): boolean =>
  /(?:^|\/)(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/.test(path);

export const inspectCompose = ({ path, text }: SourceFile): Finding[] => {
  const reading = readYaml(text);
  if (!reading.ok) {
    if (/\{\{|<%/.test(text)) return [];
    const message = `Not valid YAML: ${reading.message}`;
    return [finding(rules.INVALID_YAML, { path, line: reading.line, message, key: 'yaml' })];
  }
  const services = reading.root.members.get('services')?.members ?? new Map<string, YamlNode>();
  return [...services].flatMap(([name, service]) => inspectService(path, name, service));
};

const inspectService = (path: string, name: string, { members }: YamlNode): Finding[] => {
  const found: Finding[] = [];
  const privileged = members.get('privileged');
  if (privileged?.text === 'true') {
    const message = `Service ${name} is privileged.`;
    found.push(
      finding(rules.PRIVILEGED_SERVICE, { path, line: privileged.line, message, key: name }),
    );
  }
  for (const volume of members.get('volumes')?.items ?? []) {
    const source = volume.text ?? volume.members.get('source')?.text ?? '';
    if (!/^\/(?:var\/)?run\/(?:docker|podman\/podman)\.sock/.test(source) || source.endsWith(':ro'))
      continue;
    const message = `Service ${name} holds the socket of the container engine.`;
    found.push(
      finding(rules.PRIVILEGED_SERVICE, {
        path,
        line: volume.line,
        message,
        key: `${name} socket`,
      }),
    );
  }
  const image = members.get('image');
  const isBuilt = members.has('build');
  if (
    image?.text !== undefined &&
    !isBuilt &&
    /^[^$@{]+$/.test(image.text) &&
    !/:(?!latest$)[^/]+$/.test(image.text)
  ) {
    const message = `Service ${name} uses ${image.text} without a version.`;
    found.push(finding(rules.LATEST_IMAGE, { path, line: image.line, message, key: image.text }));
  }
  return found;
};
