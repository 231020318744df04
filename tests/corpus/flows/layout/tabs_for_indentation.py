# idiom: a file that is indented with tabs
# expect: compiles
from metaflow import FlowSpec, step


class Tabs(FlowSpec):

	@step
	def start(self):
		self.rows = []
		for number in range(3):
			self.rows.append(number)
		self.next(self.end)

	@step
	def end(self):
		pass


if __name__ == '__main__':
	Tabs()
